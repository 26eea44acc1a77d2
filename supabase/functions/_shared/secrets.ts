import { Refusal } from './errors.ts';

/** The value of a secret; a function that lacks one refuses and names it. */
export function secret(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw missing(name);
  return value;
}

/** The refusal for a secret that is absent or cannot be used. */
export function missing(name: string): Refusal {
  return new Refusal('RB-503', { missing: name });
}
