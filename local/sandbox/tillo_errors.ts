import type { Answer } from './tillo_books.ts';

/** Tillo's errors with its messages and the HTTP status of its error table. */
const REFUSALS: Record<string, { status: number; message: string }> = {
  '070': { status: 400, message: 'There were errors validating the request' },
  '072': { status: 400, message: 'The requested brand does not exist' },
  '100': { status: 422, message: 'Gift code does not have a status that allows it to be reversed' },
  '210': { status: 401, message: 'Invalid IP address' },
  '211': { status: 429, message: 'Too many requests' },
  '433': { status: 422, message: 'There were errors validating the request' },
  '434': { status: 401, message: 'Authentication failed' },
  '600': { status: 500, message: 'Internal error' },
  '602': { status: 500, message: 'Internal error' },
  '603': { status: 500, message: 'Error returned by the Processor' },
  '604': { status: 503, message: 'Error' },
  '610': { status: 422, message: 'Insufficient balance on account' },
  '615': { status: 422, message: 'Insufficient credit with the brand' },
  '704': { status: 400, message: 'There were errors validating the request' },
  '706': { status: 401, message: 'The brand is not available through the API' },
  '708': { status: 422, message: 'The client_request_id was used for another request' },
  '713': { status: 400, message: 'You cannot deliver codes that way for this brand' },
  '720': { status: 422, message: 'The transaction type is not available for the requested brand' },
  '723': { status: 422, message: 'The requested currency is not supported by this brand' },
  '724': { status: 422, message: 'The sale could not be found' },
  '725': { status: 500, message: 'The denomination is out of stock' },
  '729': { status: 409, message: 'The original request is still being processed' },
  '732': { status: 425, message: 'Too early' },
  '999': { status: 500, message: 'Internal error' },
};

/** A refusal with one of Tillo's codes. */
export function refusal(code: string, data?: Record<string, unknown>): Answer {
  const { status, message } = REFUSALS[code] ?? { status: 422, message: `Error ${code}` };
  return { status, body: { code, status: 'error', message, ...(data ? { data } : {}) } };
}

/** A success. */
export function success(message: string, data: unknown): Answer {
  return { status: 200, body: { code: '000', status: 'success', message, data } };
}
