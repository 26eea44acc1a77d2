import { Refusal } from './errors.ts';

/** The value of a secret; a function that lacks one refuses and names it. */
export function secret(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw missing(name);
  return value;
}

/** The values of a secret that is changed over, separated by commas: the first is the one that we use, all are believed. */
export function secretsOf(name: string): string[] {
  const values = secret(name).split(',').map((value) => value.trim()).filter(Boolean);
  if (values.length === 0) throw missing(name);
  return values;
}

/** The refusal for a secret that is absent or cannot be used. */
export function missing(name: string): Refusal {
  return new Refusal('RB-503', { missing: name });
}
