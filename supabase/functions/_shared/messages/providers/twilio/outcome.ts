import { networkCode, neverLeft } from '../../../http/network.ts';
import type { Outcome, SendOutcome } from '../port.ts';
import { TWILIO_ERRORS } from './errors.ts';

/** The report of a try that Twilio's client gave up with an error. */
export function outcomeOf(error: unknown): SendOutcome {
  const { status, code } = error as { status?: number; code?: number };
  if (typeof status !== 'number') {
    return {
      outcome: neverLeft(error) ? 'retriable' : 'ambiguous',
      errorCode: networkCode(error),
      errorMessage: 'Twilio did not answer',
    };
  }
  const known = TWILIO_ERRORS[Number(code)];
  return {
    outcome: outcomeByStatus(status) ?? known?.outcome ?? 'permanent',
    errorCode: String(code || `http_${status}`),
    errorMessage: known?.meaning ?? `Twilio answered with HTTP ${status}`,
  };
}

// 429 is the answer that Twilio documents as not processed; a server that fails may have taken the message before.
function outcomeByStatus(status: number): Outcome | undefined {
  if (status === 429) return 'retriable';
  return status >= 500 || status === 408 ? 'ambiguous' : undefined;
}
