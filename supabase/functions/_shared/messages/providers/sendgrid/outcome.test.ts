import assert from 'node:assert/strict';
import { outcomeOf } from './outcome.ts';

const outcome = (error: unknown) => outcomeOf(error).outcome;

Deno.test('sendgrid outcome: 429 or 503 → retriable', () => {
  assert.equal(outcome({ code: 429 }), 'retriable');
  assert.equal(outcome({ code: 503 }), 'retriable');
});

Deno.test('sendgrid outcome: any other 5xx → ambiguous', () => {
  for (const code of [500, 502, 504, 408]) {
    assert.equal(outcome({ code }), 'ambiguous');
  }
});

Deno.test('sendgrid outcome: a refusal → permanent, with its reason', () => {
  const body = { errors: [{ message: 'Does not contain a valid address.', field: 'to', help: null }] };
  assert.deepEqual(outcomeOf({ code: 400, response: { body } }), {
    outcome: 'permanent',
    errorCode: 'http_400',
    errorMessage: 'Does not contain a valid address.',
  });
  for (const code of [401, 403, 413, 451]) {
    assert.equal(outcome({ code, response: { body: '<html>' } }), 'permanent');
  }
});

Deno.test('sendgrid outcome: no connection → retriable; a broken one → ambiguous', () => {
  assert.equal(outcome({ code: 'ECONNREFUSED' }), 'retriable');
  assert.equal(outcome({ code: 'ECONNABORTED' }), 'ambiguous');
  assert.equal(outcome({ code: 'ECONNRESET' }), 'ambiguous');
});
