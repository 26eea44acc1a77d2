import assert from 'node:assert/strict';
import { TWILIO_ERRORS } from './errors.ts';
import { outcomeOf } from './outcome.ts';

const outcome = (error: unknown) => outcomeOf(error).outcome;

Deno.test('twilio outcome: 429 → retriable', () => {
  assert.equal(outcome({ status: 429, code: 20429 }), 'retriable');
  assert.equal(outcome({ status: 429 }), 'retriable');
});

Deno.test('twilio outcome: 5xx with any code → ambiguous', () => {
  for (const status of [500, 502, 503, 504, 408]) {
    assert.equal(outcome({ status, code: 20500 }), 'ambiguous');
  }
});

Deno.test('twilio outcome: a refusal → permanent unless the table says retriable', () => {
  assert.equal(outcome({ status: 400, code: 21211 }), 'permanent');
  assert.equal(outcome({ status: 400, code: 21610 }), 'permanent');
  assert.equal(outcome({ status: 400, code: 21611 }), 'retriable');
  assert.equal(outcome({ status: 400, code: 99999 }), 'permanent');
  assert.equal(outcome({ status: 401, code: 20003 }), 'permanent');
});

Deno.test('twilio outcome: a refusal without a code → permanent, named after its status', () => {
  assert.deepEqual(outcomeOf({ status: 422 }), {
    outcome: 'permanent',
    errorCode: 'http_422',
    errorMessage: 'Twilio answered with HTTP 422',
  });
});

Deno.test('twilio outcome: no connection → retriable; a broken one → ambiguous', () => {
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']) {
    assert.equal(outcome({ code }), 'retriable');
  }
  assert.equal(outcome(new TypeError('error sending request: client error (Connect): dns error')), 'retriable');
  for (const code of ['ECONNRESET', 'ECONNABORTED', 'ETIMEDOUT', 'EPIPE']) {
    assert.equal(outcome({ code }), 'ambiguous');
  }
  assert.equal(outcome(new SyntaxError('Unexpected token <')), 'ambiguous');
});

Deno.test('twilio outcome: an opt-out → its code, which records the opt-out', () => {
  assert.equal(outcomeOf({ status: 400, code: 21610 }).errorCode, '21610');
});

Deno.test('twilio outcome: every entry of the table → retriable or permanent', () => {
  for (const { outcome } of Object.values(TWILIO_ERRORS)) {
    assert.match(outcome, /^(permanent|retriable)$/);
  }
});
