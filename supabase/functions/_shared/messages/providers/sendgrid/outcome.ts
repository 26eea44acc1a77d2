import { networkCode, neverLeft } from '../../../http/network.ts';
import type { Outcome, SendOutcome } from '../port.ts';

/** The report of a try that SendGrid's client gave up with an error. */
export function outcomeOf(error: unknown): SendOutcome {
  const { code: status, response } = error as {
    code?: unknown;
    response?: { body?: unknown };
  };
  if (typeof status !== 'number') {
    return {
      outcome: neverLeft(error) ? 'retriable' : 'ambiguous',
      errorCode: networkCode(error),
      errorMessage: 'SendGrid did not answer',
    };
  }
  return {
    outcome: outcomeByStatus(status),
    errorCode: `http_${status}`,
    errorMessage: reasonIn(response?.body) ??
      `SendGrid answered with HTTP ${status}`,
  };
}

// 503 says that the API is not available, so nothing was taken. SendGrid would also have a 500 retried, but it may come
// after the message was taken, and without an idempotency key that means a second e-mail.
function outcomeByStatus(status: number): Outcome {
  if (status === 429 || status === 503) return 'retriable';
  return status >= 500 || status === 408 ? 'ambiguous' : 'permanent';
}

function reasonIn(body: unknown): string | undefined {
  const reason = (body as { errors?: { message?: unknown }[] } | undefined)
    ?.errors?.[0]?.message;
  return typeof reason === 'string' ? reason.slice(0, 200) : undefined;
}
