// The platform cuts a log line at 10,000 characters; a cut line would no longer be JSON.
const MAX_FIELD_LENGTH = 2000;

/** Writes one structured line; callers never pass a card code, a PIN, a token or a whole phone number. */
export function log(message: string, fields: Record<string, unknown> = {}, level: 'info' | 'error' = 'info'): void {
  const tamed = (_key: string, value: unknown) => (typeof value === 'string' ? tame(value) : value);
  console[level](JSON.stringify({ message, ...fields }, tamed));
}

/** What a log may hold of something thrown: its kind and where, without the values a database puts in `details`. */
export function describe(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { thrown: String(thrown) };
  const { name, message, stack, cause } = thrown;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: describe(cause) }) };
}

/** What a log may hold of a failed call of the outside: an HTTP client's error carries the whole request, so no more is taken. */
export function reasonOf(error: unknown): { reason: string } {
  const { name, message } = describe(error);
  return { reason: `${name}: ${message}` };
}

// Providers repeat the number or address in their error messages; its end is enough to recognise it.
function tame(text: string): string {
  const masked = text.replace(/\+\d{3,11}(?=\d{4})/g, '+…').replace(/[\w.+-]{1,64}(?=@[\w.-]+\.[a-z]{2})/gi, '…');
  return masked.length > MAX_FIELD_LENGTH ? `${masked.slice(0, MAX_FIELD_LENGTH)}…` : masked;
}
