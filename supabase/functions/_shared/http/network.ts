/** How long a provider may take for an answer. */
export const TIMEOUT_MS = 10_000;

// No connection was made, so not one byte of the message has left.
const BEFORE_CONNECTION = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH']);

/** Whether a failed call certainly never reached the provider; every other silence is ambiguous. */
export function neverLeft(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return BEFORE_CONNECTION.has(String(code)) ||
    String(message).includes('client error (Connect)');
}

/** The name of a network failure, for the record. */
export function networkCode(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'network';
}
