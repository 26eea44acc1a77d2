import assert from 'node:assert/strict';
import { contracts } from './contracts.ts';
import type { Answer } from './http.ts';
import { catalogue, type Code, SIGNATURE_SOLUTION } from '../../supabase/functions/_shared/http/errors.ts';

/** The answer is a success with its requestId. */
export function assertDone({ status, headers, body, text }: Answer): void {
  assert.equal(status, 200, text);
  assert.match(body.requestId, /^[0-9a-f-]{36}$/);
  assert.equal(headers.get('x-request-id'), body.requestId);
}

/** The answer is a refusal with this code, in the one shape, with the catalogue's solution or its own; returns what stands in `error`. */
export function assertRefused(
  { status, headers, body, text }: Answer,
  code: Code,
  solution: string = catalogue[code].solution,
  // deno-lint-ignore no-explicit-any
): any {
  assert.equal(body?.error?.code, code, text);
  assert.equal(status, catalogue[code].status, text);
  assert.equal(body.error.solution, solution);
  assert.ok(body.error.message);
  assert.equal(headers.get('x-request-id'), body.error.requestId);
  assert.deepEqual(Object.keys(body), ['error']);
  return body.error;
}

/** The code by which a function refuses a request that does not fit: gift card functions have their own. */
export function badRequestOf(name: string): Code {
  return contracts.get(name)!.family === 'GC' ? 'GC-012' : 'RB-400';
}

/** The answer refuses a webhook whose signature is absent, wrong or too old. */
// deno-lint-ignore no-explicit-any
export function assertUnsigned(answer: Answer): any {
  return assertRefused(answer, 'RB-403', SIGNATURE_SOLUTION);
}
