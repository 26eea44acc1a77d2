import { Refusal } from '../http/errors.ts';

const AGAIN_AFTER_SECONDS = 60;

/**
 * Throws a failure of ours as an answer after which every CRM sends its call again, and what was wrong with the call as it is.
 * Most try again after any error of a server; HighLevel does after 429 and nothing else, and would drop the event.
 */
export function toBeSentAgain(error: unknown): never {
  if (error instanceof Refusal && error.status < 500) throw error;
  const cause = error instanceof Refusal ? error.cause ?? error : error;
  throw new Refusal('RB-429', { retryAfter: AGAIN_AFTER_SECONDS }, 'Not taken: send it again', { cause });
}
