import assert from 'node:assert/strict';
import { Refusal } from '../http/errors.ts';
import { toBeSentAgain } from './retry.ts';

function thrownFor(error: unknown): Refusal {
  try {
    return toBeSentAgain(error);
  } catch (thrown) {
    return thrown as Refusal;
  }
}

Deno.test('toBeSentAgain: a failure of ours → RB-429, which makes every CRM send the call again', () => {
  const down = new Error('record_crm_events: 08006: server closed the connection');
  for (const failure of [down, new Refusal('GC-013', {}, undefined, { cause: down })]) {
    const { code, status, details, cause } = thrownFor(failure);
    assert.deepEqual([code, status, details.retryAfter, cause], ['RB-429', 429, 60, down]);
  }
  assert.ok(thrownFor(new Refusal('RB-503', { missing: 'SUPABASE_URL' })).cause instanceof Refusal);
});

Deno.test('toBeSentAgain: a refusal of the call → the same refusal', () => {
  for (const code of ['RB-403', 'GC-012', 'RB-413'] as const) {
    const refusal = new Refusal(code);
    assert.equal(thrownFor(refusal), refusal);
  }
});
