import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { eventually } from '../../support/eventually.ts';
import { redeem, traceOf } from '../../support/gift_cards.ts';
import { promise, stock } from '../../support/promise.ts';
import { messagesTo } from '../../support/sandbox.ts';
import { uniquePhone } from '../../support/unique.ts';

Deno.test('provision: no stock → pending once, one alert, fulfilled from new stock', async () => {
  const { recipient, poolId, campaignId, clientId } = await promise({ cards: 0 });
  const refusal = await redeem(recipient.token, { deliveryMethod: 'sms' });
  const { requestId, pendingReward } = assertRefused(refusal, 'GC-003');
  const again = assertRefused(await redeem(recipient.token, { deliveryMethod: 'sms' }), 'GC-003');

  const pending = await sql`select * from public.pending_rewards where campaign_id = ${campaignId}`;
  assert.equal(pending.length, 1);
  assert.deepEqual(
    [pending[0].recipient_id, pending[0].status, pending[0].denomination, pending[0].deliver_to],
    [recipient.id, 'awaiting_inventory', 25, recipient.phone],
  );
  const { id, created_at, deliver_to } = pending[0];
  assert.deepEqual(pendingReward, {
    id,
    deliveryMethod: 'sms',
    deliverTo: `+1•••••${deliver_to.slice(-4)}`,
    createdAt: (pendingReward as { createdAt: string }).createdAt,
  });
  assert.equal(new Date((pendingReward as { createdAt: string }).createdAt).getTime(), created_at.getTime());
  assert.deepEqual(again.pendingReward, pendingReward);
  const alerts = await sql`select * from public.system_alerts where client_id = ${clientId}`;
  assert.deepEqual(alerts.map(({ alert_type, severity }) => [alert_type, severity]), [[
    'no_gift_card_inventory',
    'critical',
  ]]);
  assert.deepEqual((await traceOf(requestId)).at(-1)?.error_code, 'GC-003');

  const [{ code }] = await stock(poolId, 1);
  await eventually(
    'the card is brought',
    async () => (await messagesTo(recipient.phone)).some(({ body }) => body.includes(code)),
  );
  const [{ status }] = await sql`select status from public.pending_rewards where campaign_id = ${campaignId}`;
  assert.equal(status, 'fulfilled');
  assertRefused(await redeem(recipient.token), 'GC-010');
});

Deno.test('provision: the last card → an alert that new stock resolves', async () => {
  const { recipient, poolId } = await promise({ cards: 1 });
  assertDone(await redeem(recipient.token));
  const open = () =>
    sql`
    select alert_type from public.system_alerts
    where subject = ${poolId} and resolved_at is null order by alert_type`;
  const all = ['critical_gift_card_inventory', 'low_gift_card_inventory', 'pool_exhausted'];
  await eventually('three alerts are open', async () => (await open()).length === 3);
  assert.deepEqual((await open()).map(({ alert_type }) => alert_type), all);
  await stock(poolId, 9);
  await eventually('the alerts are resolved', async () => (await open()).length === 0);
});

Deno.test('redeem-gift-card: the phone corrected while out of stock → the card goes to the right one only', async () => {
  const promised = await promise({ cards: 0 });
  const [wrong, right] = [uniquePhone(), uniquePhone()];
  assertRefused(await redeem(promised.recipient.token, { deliveryMethod: 'sms', phone: wrong }), 'GC-003');
  assertRefused(await redeem(promised.recipient.token, { deliveryMethod: 'sms', phone: right }), 'GC-003');
  const [{ code }] = await stock(promised.poolId, 1);
  await eventually(
    'the card is brought',
    async () => (await messagesTo(right)).some(({ body }) => body.includes(code)),
  );
  assert.ok((await messagesTo(wrong)).every(({ body }) => !body.includes(code)));
});

Deno.test('redeem-gift-card: a brand that is switched off → GC-003 with the pending reward, given once it is on again', async () => {
  const promised = await promise();
  await sql`update public.gift_card_brands set is_enabled = false where id = ${promised.brandId}`;
  const { pendingReward, message } = assertRefused(
    await redeem(promised.recipient.token, { deliveryMethod: 'sms' }),
    'GC-003',
  );
  assert.equal(message, 'The reward cannot be given yet: it is pending');
  await sql`update public.gift_card_brands set is_enabled = true where id = ${promised.brandId}`;
  await eventually(
    'the card is brought',
    async () => (await messagesTo(promised.recipient.phone)).some(({ body }) => body.includes(promised.cards[0].code)),
  );
  const [{ status, code }] = await sql`
    select status, code from public.pending_rewards where id = ${(pendingReward as { id: string }).id}`;
  assert.deepEqual([status, code], ['fulfilled', null]);
});
