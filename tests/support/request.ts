/** What a request may say of itself. */
interface Told {
  id?: string | null;
  actor?: string | null;
  ip?: string | null;
  idempotencyKey?: string | null;
  hash?: string | null;
}

/** A `public.request` as a parameter of a statement. */
export function request(
  { id = crypto.randomUUID(), actor = null, ip = null, idempotencyKey = null, hash = null }: Told = {},
) {
  const field = (value: string | null) => value === null ? '' : `"${value.replace(/["\\]/g, '$&$&')}"`;
  return `(${[id, actor, ip, idempotencyKey, hash].map(field).join(',')})`;
}
