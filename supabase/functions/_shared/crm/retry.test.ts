import assert from 'node:assert/strict';
import crmWebhook from '../../crm-webhook/index.ts';
import { Refusal } from '../http/errors.ts';
import { toBeSentAgain } from './retry.ts';

function thrownFor(error: unknown): Refusal {
  try {
    return toBeSentAgain(error);
  } catch (thrown) {
    return thrown as Refusal;
  }
}

Deno.test('retry: what goes wrong on our side is answered so that every CRM sends it again', () => {
  const down = new Error('record_crm_events: 08006: server closed the connection');
  for (const failure of [down, new Refusal('GC-013', {}, undefined, { cause: down })]) {
    const { code, status, details, cause } = thrownFor(failure);
    assert.deepEqual([code, status, details.retryAfter, cause], ['RB-429', 429, 60, down]);
  }
  assert.ok(thrownFor(new Refusal('RB-503', { missing: 'SUPABASE_URL' })).cause instanceof Refusal);
});

Deno.test('retry: what is wrong with the call stays wrong', () => {
  for (const code of ['RB-403', 'GC-012', 'RB-413'] as const) {
    const refusal = new Refusal(code);
    assert.equal(thrownFor(refusal), refusal);
  }
});

Deno.test('retry: while the database is away, crm-webhook asks for the call again', async () => {
  Deno.env.set('SUPABASE_URL', 'http://127.0.0.1:1');
  Deno.env.set('SUPABASE_SECRET_KEYS', '{"default":"sb_secret_1","jobs":"sb_secret_2"}');
  const url = `http://127.0.0.1/crm-webhook/${crypto.randomUUID()}`;
  const answer = await crmWebhook.fetch(new Request(url, { method: 'POST', body: '{"type":"visit"}' }));
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '60']);
  assert.equal((await answer.json()).error.code, 'RB-429');
});
