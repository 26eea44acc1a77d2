import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { provision, redeem } from '../../support/gift_cards.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { order } from '../../support/sandbox.ts';
import { hookOf, messageIs, receives, verified } from '../../support/webhooks.ts';

/** A client with a card to give, whose admin wants to be told. */
async function listener(events?: string[], cards = 1) {
  const promised = await promise({ cards });
  const admin = await signUpAs('client_admin', promised.clientId);
  return { promised, admin, hook: await hookOf(admin, promised.clientId, events) };
}

Deno.test('webhooks: a card claimed and delivered → signed messages without its code', async () => {
  const { promised, hook } = await listener(['gift_card.provisioned', 'gift_card.delivered']);
  const { body: { giftCard, requestId } } = await provision(promised, { deliveryMethod: 'sms' });
  const calls = await receives(hook, 2);
  const events = calls.map((call) => verified(hook, call));
  const [given] = events.filter(({ type }) => type === 'gift_card.provisioned');
  assert.deepEqual([given.data.giftCardId, given.data.recipientId], [giftCard.id, promised.recipient.id]);
  assert.ok(Date.parse(given.timestamp) <= Date.now());
  assert.ok(events.some(({ type, data }) => type === 'gift_card.delivered' && data.giftCardId === giftCard.id));
  const [{ code, pin }] = promised.cards;
  const { phone, email } = promised.recipient;
  for (const secret of [code, pin, phone, email, giftCard.codeLast4]) {
    assert.ok(calls.every(({ body }) => !body.includes(`"${secret}`)), secret);
  }
  const [message] = await sql`
    select request_id from public.webhook_messages where event_type = 'gift_card.provisioned' and endpoint_id = ${hook.endpointId}`;
  assert.equal(message.request_id, requestId);
});

Deno.test('webhooks: a failing receiver → retried with the same id, attempts are recorded', async () => {
  const { promised, admin, hook } = await listener(['gift_card.provisioned']);
  await order({ provider: 'webhook', to: hook.name, kind: '500', times: 2 });
  await provision(promised);
  const calls = await receives(hook, 3);
  assert.deepEqual(calls.map(({ status }) => status), ['500', '500', '200']);
  assert.equal(new Set(calls.map(({ tags }) => tags['webhook-id'])).size, 1);
  assert.equal(new Set(calls.map(({ body }) => body)).size, 1);
  calls.forEach((call) => verified(hook, call));
  const { id } = await messageIs('delivered', hook.endpointId);
  const { data } = await admin.client.from('webhook_attempts').select('status, http_status').eq('message_id', id)
    .order('attempt_number');
  assert.deepEqual(
    data,
    [500, 500, 200].map((http_status) => ({
      status: http_status === 200 ? 'delivered' : 'failed',
      http_status,
    })),
  );
});

Deno.test('webhooks: a lost answer → sent again with the same id', async () => {
  const { promised, hook } = await listener(['gift_card.provisioned']);
  await order({ provider: 'webhook', to: hook.name, kind: 'timeout_after_accepting', holdMs: 100 });
  await provision(promised);
  const [first, second] = await receives(hook, 2);
  assert.equal(first.tags['webhook-id'], second.tags['webhook-id']);
  await messageIs('delivered', hook.endpointId);
});

Deno.test('webhooks: 410 → the endpoint is disabled, an alert; enabled again → the message is resent', async () => {
  const { promised, admin, hook } = await listener(['gift_card.provisioned']);
  await order({ provider: 'webhook', to: hook.name, kind: '410' });
  await provision(promised);
  const { id } = await messageIs('failed', hook.endpointId);
  const { data: endpoint } = await admin.client.from('webhook_endpoints').select().eq('id', hook.endpointId).single();
  assert.deepEqual([endpoint.is_active, endpoint.disabled_reason], [false, 'gone']);
  const { data: alerts } = await admin.client.from('system_alerts').select('alert_type').eq('subject', hook.endpointId);
  assert.deepEqual(alerts, [{ alert_type: 'webhook_endpoint_disabled' }]);

  const test = await admin.client.rpc('send_test_event', { endpoint_id: hook.endpointId });
  assert.equal(test.error?.code, 'RB400');
  await admin.client.rpc('update_webhook_endpoint', { endpoint_id: hook.endpointId, is_active: true });
  const replay = await admin.client.rpc('replay_webhook_message', { message_id: id });
  assert.equal(replay.error, null);
  const calls = await receives(hook, 2);
  assert.deepEqual(calls.map(({ tags }) => tags['webhook-id']), [id, id]);
});

Deno.test('webhooks: a redirect → not followed', async () => {
  const { promised, hook } = await listener(['gift_card.provisioned']);
  await order({ provider: 'webhook', to: hook.name, kind: '302' });
  await provision(promised);
  await receives(hook, 2);
  const { id } = await messageIs('delivered', hook.endpointId);
  const [first] =
    await sql`select http_status, error_code from public.webhook_attempts where message_id = ${id} and attempt_number = 1`;
  assert.deepEqual({ ...first }, { http_status: 302, error_code: 'http_302' });
});

Deno.test('webhooks: two secrets during a rotation → both verify; a test event → sent', async () => {
  const { admin, hook } = await listener();
  const { data } = await admin.client.rpc('rotate_webhook_secret', { endpoint_id: hook.endpointId });
  await admin.client.rpc('send_test_event', { endpoint_id: hook.endpointId });
  const [call] = await receives(hook, 1);
  assert.equal(verified(hook, call).type, 'webhook.test');
  assert.equal(verified(data, call).type, 'webhook.test');
});

Deno.test('webhooks: a pending reward → a message in its transaction, none for other clients', async () => {
  const { promised, hook } = await listener(['reward.pending'], 0);
  const other = await listener();
  const { body } = await redeem(promised.recipient.token);
  assert.equal(body.error.code, 'GC-003');
  const [call] = await receives(hook, 1);
  const { type, data } = verified(hook, call);
  assert.deepEqual([type, data.campaignId, data.denomination], ['reward.pending', promised.campaignId, 25]);
  const [{ count }] =
    await sql`select count(*) from public.webhook_messages where endpoint_id = ${other.hook.endpointId}`;
  assert.equal(count, 0);
});

Deno.test('webhooks: an endpoint in a private network → never called', async () => {
  const promised = await promise();
  const admin = await signUpAs('client_admin', promised.clientId);
  for (
    const url of [
      'https://169.254.169.254/latest/meta-data/',
      'https://localhost/',
      'http://127.0.0.1:1/',
      'https://[::1]/',
    ]
  ) {
    const { data } = await admin.client.rpc('create_webhook_endpoint', { client_id: promised.clientId, url });
    const { data: message } = await admin.client.rpc('send_test_event', { endpoint_id: data.endpoint.id });
    const { error_code, http_status } = await eventually(`the try at ${url} has ended`, async () => {
      const [attempt] =
        await sql`select * from public.webhook_attempts where message_id = ${message.id} and status = 'failed'`;
      return attempt;
    });
    assert.match(error_code, /^(address|url)_refused$/);
    assert.equal(http_status, null);
  }
});
