import { secret } from './secrets.ts';

/** The address of a function as the outside world knows it, which is not the one that requests arrive with. */
export function functionsUrl(path: string): string {
  const base = Deno.env.get('PUBLIC_FUNCTIONS_URL') ||
    `${secret('SUPABASE_URL')}/functions/v1`;
  return `${base.replace(/\/+$/, '')}/${path}`;
}
