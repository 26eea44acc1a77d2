import assert from 'node:assert/strict';
import crmWebhook from './index.ts';

Deno.test('crm-webhook: the database is unreachable → RB-429 with Retry-After', async () => {
  Deno.env.set('SUPABASE_URL', 'http://127.0.0.1:1');
  Deno.env.set('SUPABASE_SECRET_KEYS', '{"default":"sb_secret_1","jobs":"sb_secret_2"}');
  const url = `http://127.0.0.1/crm-webhook/${crypto.randomUUID()}`;
  const answer = await crmWebhook.fetch(new Request(url, { method: 'POST', body: '{"type":"visit"}' }));
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '60']);
  assert.equal((await answer.json()).error.code, 'RB-429');
});
