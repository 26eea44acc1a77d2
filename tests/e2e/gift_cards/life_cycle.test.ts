import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { countersOf, deliveryIs, provision, provisionBySms, redeem } from '../../support/gift_cards.ts';
import { type Call, call } from '../../support/http.ts';
import { awayFromTheEdge } from '../../support/limits.ts';
import { signUpAs } from '../../support/people.ts';
import { promise, type Promised, stock } from '../../support/promise.ts';
import { messagesTo, messageTo } from '../../support/sandbox.ts';
import { stack } from '../../support/stack.ts';
import { symbols, uniqueIp } from '../../support/unique.ts';

const confirm = (redemptionCode: string, body: Record<string, unknown> = {}, options: Call = {}) =>
  call('confirm-redemption', { redemptionCode, ...body }, { key: stack.publishableKey, ...options });

const statusOf = async (giftCardId: string) =>
  (await sql`select status from public.gift_cards where id = ${giftCardId}`)[0].status as string;

/** An agent gives the caller a card whose message waits for an hour, so that no sender gets it. */
async function provisionUnsent({ clientId, recipient }: Promised) {
  const agent = await signUpAs('call_agent', clientId);
  return await sql.begin(async (transaction) => {
    const [{ answer }] = await transaction`
      select public.provision_gift_card_for_call_center(null, null, ${recipient.id}, 1, 'sms', null, false,
        row(gen_random_uuid(), ${agent.id}, null, null, null)::public.request) as answer`;
    const { giftCard, delivery } = answer.result;
    await transaction`
      update public.deliveries set next_attempt_at = now() + interval '1 hour' where id = ${delivery.id}`;
    return { giftCardId: giftCard.id as string, deliveryId: delivery.id as string };
  }) as { giftCardId: string; deliveryId: string };
}

/** Makes a card and its message eleven minutes older. */
const waitTooLong = (giftCardId: string) =>
  sql`
    with card as (
      update public.gift_cards set claimed_at = now() - interval '11 minutes' where id = ${giftCardId} returning id)
    update public.deliveries d set created_at = now() - interval '11 minutes' from card where d.subject_id = card.id`;

Deno.test('confirm-redemption: the redemption code → the card is redeemed, once', async () => {
  const { recipient, poolId } = await promise();
  const { body: redeemed } = await redeem(recipient.token);
  const answer = await confirm(recipient.token.toLowerCase());
  assertDone(answer);
  const { giftCard, redeemedAt } = answer.body;
  assert.deepEqual([giftCard.id, giftCard.status], [redeemed.giftCard.id, 'redeemed']);
  assert.equal(giftCard.code, undefined);
  const again = await confirm(recipient.token, { conditionNumber: 1 });
  assertDone(again);
  assert.equal(again.body.redeemedAt, redeemedAt);
  assert.deepEqual(await countersOf(poolId), { total: 1, available: 0, claimed: 0, delivered: 1 });
});

Deno.test('confirm-redemption: an unknown code, a code without a card → the same error; guessing is limited', async () => {
  await awayFromTheEdge();
  const { recipient } = await promise({ cards: 0 });
  const [unknown, unearned] = [await confirm(symbols(12)), await confirm(recipient.token)];
  const told = (answer: typeof unknown) => ({ ...assertRefused(answer, 'GC-011'), requestId: '' });
  assert.deepEqual(told(unknown), told(unearned));
  assertRefused(await confirm(recipient.token, { conditionNumber: 0 }), 'GC-012');
  assertRefused(await call('confirm-redemption', {}, { key: stack.publishableKey }), 'GC-012');
  const ip = uniqueIp();
  for (let n = 0; n < 20; n++) assertRefused(await confirm(symbols(12), {}, { ip }), 'GC-011');
  const limited = await confirm(recipient.token, {}, { ip });
  assertRefused(limited, 'RB-429');
  assert.ok(Number(limited.headers.get('retry-after')) >= 1);
});

Deno.test('life cycle: an agent marks a card as used → redeemed', async () => {
  const promised = await promise();
  const { body } = await provision(promised);
  const agent = await signUpAs('call_agent', promised.clientId);
  const { data, error } = await agent.client.rpc('mark_gift_card_redeemed', { gift_card_id: body.giftCard.id });
  assert.equal(error, null);
  assert.equal(data.status, 'redeemed');
  const stranger = await signUpAs('client_admin', (await promise({ cards: 0 })).clientId);
  const refused = await stranger.client.rpc('mark_gift_card_redeemed', { gift_card_id: body.giftCard.id });
  assert.equal(refused.error?.code, 'RB404');
});

Deno.test('cancel_gift_card: a card never disclosed → back to stock, another may be provisioned', async () => {
  const promised = await promise();
  const { giftCardId, deliveryId } = await provisionUnsent(promised);
  const admin = await signUpAs('client_admin', promised.clientId);
  const cancel = (reason: string) => admin.client.rpc('cancel_gift_card', { gift_card_id: giftCardId, reason });
  assert.equal((await cancel(' ')).error?.code, 'RB400');
  const { data, error } = await cancel('wrong caller');
  assert.equal(error, null);
  assert.equal(data.status, 'available');
  assert.deepEqual(await countersOf(promised.poolId), { total: 1, available: 1, claimed: 0, delivered: 0 });
  const [delivery] = await sql`select status from public.deliveries where id = ${deliveryId}`;
  assert.equal(delivery.status, 'cancelled');
  const bills = await sql`
    select sum(price) as price, sum(quantity) as quantity from public.billing_transactions
    where client_id = ${promised.clientId}`;
  assert.deepEqual({ ...bills[0] }, { price: 0, quantity: 0 });

  const again = await redeem(promised.recipient.token);
  assertDone(again);
  assert.equal(again.body.giftCard.id, giftCardId);
  assert.equal(again.body.giftCard.code, promised.cards[0].code);
});

Deno.test('cancel_gift_card: a sent card → cancelled; its replacement is another card', async () => {
  const promised = await promise({ cards: 2 });
  const { giftCardId, deliveryId } = await provisionBySms(promised);
  await deliveryIs('delivered', deliveryId);
  const admin = await signUpAs('client_admin', promised.clientId);
  const { data } = await admin.client.rpc('cancel_gift_card', {
    gift_card_id: giftCardId,
    reason: 'sent to the wrong number',
    allow_replacement: true,
  });
  assert.equal(data.status, 'cancelled');
  assert.deepEqual(await countersOf(promised.poolId), { total: 2, available: 1, claimed: 0, delivered: 0 });
  assertRefused(await call('send-gift-card-sms', { giftCardId }), 'RB-400');
  const replacement = await provision(promised);
  assertDone(replacement);
  assert.notEqual(replacement.body.giftCard.id, giftCardId);
  assertRefused(await provision(promised), 'GC-010');
});

Deno.test('life cycle: cancelled without replacement → GC-010 in its own words, until an admin allows one', async () => {
  const promised = await promise({ cards: 2 });
  const { body } = await provision(promised);
  const admin = await signUpAs('client_admin', promised.clientId);
  const { data } = await admin.client.rpc('cancel_gift_card', {
    gift_card_id: body.giftCard.id,
    reason: 'fraud suspected',
  });
  assert.equal(data.status, 'cancelled');
  const solution = 'An admin can allow a replacement with allow_gift_card_replacement(gift_card_id, reason)';
  const told = assertRefused(await provision(promised), 'GC-010', solution);
  assert.equal(told.message, 'The reward was cancelled without replacement');
  assert.deepEqual([told.status, told.giftCardId], ['cancelled', body.giftCard.id]);
  const visitor = assertRefused(await redeem(promised.recipient.token), 'GC-010');
  assert.deepEqual([visitor.message, visitor.solution], [
    'Already provisioned',
    'Customer already received gift card; staff can send it again (resend-gift-card)',
  ]);

  const reason = 'The suspicion was unfounded';
  const allowed = await admin.client.rpc('allow_gift_card_replacement', { gift_card_id: body.giftCard.id, reason });
  assert.equal(allowed.error, null);
  const replacement = await provision(promised);
  assertDone(replacement);
  assert.notEqual(replacement.body.giftCard.id, body.giftCard.id);
  const again = assertRefused(await provision(promised), 'GC-010');
  assert.equal(again.message, 'Already provisioned');
  const [audit] = await sql`
    select actor_id, reason from public.audit_events
    where subject_id = ${body.giftCard.id} and action = 'gift_card.replacement_allowed'`;
  assert.deepEqual([audit.actor_id, audit.reason], [admin.id, reason]);
});

Deno.test('stuck-cards: a message not leased for ten minutes → the card is released and claimed again', async () => {
  const promised = await promise();
  const { giftCardId, deliveryId } = await provisionUnsent(promised);
  await waitTooLong(giftCardId);
  const [delivery] = await eventually('its message is called off', async () => {
    const rows = await sql`select status from public.deliveries where id = ${deliveryId} and status <> 'queued'`;
    return rows.length > 0 && rows;
  });
  assert.equal(delivery.status, 'cancelled');
  const [reward] = await sql`
    select deliver_to from public.pending_rewards where recipient_id = ${promised.recipient.id}`;
  assert.equal(reward.deliver_to, promised.recipient.phone);
  const given = await eventually('the reward is fulfilled by another message', async () => {
    const messages = await sql`
      select id from public.deliveries where subject_id = ${giftCardId} and topic = 'gift_card' and status <> 'cancelled'`;
    return messages.length === 1 && messages[0].id as string;
  });
  await deliveryIs('delivered', given);
  assert.equal(await statusOf(giftCardId), 'delivered');
  const [bill] = await sql`
    select sum(quantity) as quantity, sum(price) as price from public.billing_transactions
    where client_id = ${promised.clientId}`;
  assert.deepEqual({ ...bill }, { quantity: 1, price: 25 });
});

Deno.test('stuck-cards: a card that may have been disclosed → stuck with an alert; a resend delivers it', async () => {
  const promised = await promise();
  const { giftCardId } = await provisionUnsent(promised);
  await sql`update public.gift_cards set exposed_at = now() where id = ${giftCardId}`;
  await waitTooLong(giftCardId);
  await eventually('the card is stuck', async () => await statusOf(giftCardId) === 'stuck');
  const alert = async () =>
    (await sql`
    select resolved_at from public.system_alerts where alert_type = 'stuck_gift_card' and subject = ${giftCardId}`)[0];
  assert.equal((await alert()).resolved_at, null);
  assertDone(await call('send-gift-card-sms', { giftCardId, phone: promised.recipient.phone }));
  assert.equal(await statusOf(giftCardId), 'delivered');
  assert.ok((await alert()).resolved_at);
});

Deno.test('expire: past its date → expired in stock and at recipients, unless redeemed', async () => {
  const promised = await promise({ cards: 4, recipients: 3 });
  const [used, unused] = promised.recipients;
  const { body: first } = await redeem(used.token);
  const { body: second } = await redeem(unused.token);
  assertDone(await confirm(used.token));
  await sql.begin(async (transaction) => {
    const yesterday = new Date(Date.now() - 86_400_000);
    const longAgo = new Date(Date.now() - 2 * 86_400_000);
    const [{ lot }] = await transaction`
      insert into private.card_lots (pool_id, expires_at) values (${promised.poolId}, ${yesterday}) returning id as lot`;
    await transaction`
      update public.gift_cards set lot_id = ${lot}, expires_at = ${yesterday},
        claimed_at = case when claimed_at is not null then ${longAgo}::timestamptz end
      where pool_id = ${promised.poolId}`;
  });
  await eventually('they have expired', async () => await statusOf(second.giftCard.id) === 'expired');
  assert.equal(await statusOf(first.giftCard.id), 'redeemed');
  await eventually('the stock, too', async () => (await countersOf(promised.poolId)).available === 0);
  assert.deepEqual(await countersOf(promised.poolId), { total: 4, available: 0, claimed: 0, delivered: 1 });
  assertRefused(await redeem(promised.recipients[2].token), 'GC-003');
  assertRefused(await confirm(unused.token), 'GC-011');
});

Deno.test("upload-gift-cards: a card without expiry → its brand's policy", async () => {
  const promised = await promise({ cards: 0, timeZone: 'America/New_York' });
  const platform = await signUpAs('platform_admin');
  const { data: brand, error } = await platform.client.rpc('update_expiration_policy', {
    brand_id: promised.brandId,
    expiration_policy: 'Ninety days',
    valid_days: 90,
  });
  assert.equal(error, null);
  assert.deepEqual([brand.expiration_policy, brand.valid_days], ['Ninety days', 90]);
  await stock(promised.poolId, 1);
  const { body } = await redeem(promised.recipient.token);
  const [{ expected }] = await sql`
    select private.end_of_day((now() at time zone 'America/New_York')::date + 90, 'America/New_York') as expected`;
  assert.equal(new Date(body.giftCard.expiresAt).getTime(), expected.getTime());
});

Deno.test('pending-rewards: a recipient waits → one delay notice, none after an opt-out', async () => {
  const { poolId, recipients } = await promise({ cards: 0, recipients: 2 });
  const [told, silent] = recipients;
  await sql`insert into public.contact_opt_outs (channel, address, source) values ('sms', ${silent.phone}, 'test')`;
  for (const { token } of recipients) {
    assertRefused(await redeem(token, { deliveryMethod: 'sms' }), 'GC-003');
    assertRefused(await redeem(token, { deliveryMethod: 'sms' }), 'GC-003');
  }
  const { body } = await messageTo(told.phone);
  assert.equal(body, "We're processing your reward. You'll receive your gift card within 24 hours.");
  await eventually('the other notice is suppressed', async () =>
    (await sql`
      select from public.deliveries
      where recipient_id = ${silent.id} and notice = 'reward_delayed' and status = 'suppressed'`).length === 1);
  const [{ code }] = await stock(poolId, 1);
  await eventually(
    'the card is brought',
    async () => (await messagesTo(told.phone)).some(({ body }) => body.includes(code)),
  );
  assert.equal((await messagesTo(told.phone)).length, 2);
  assert.deepEqual(await messagesTo(silent.phone), []);
});

Deno.test('life cycle: an exhausted pool → archived, reactivated by new stock', async () => {
  const { clientId, poolId, recipient } = await promise();
  const admin = await signUpAs('client_admin', clientId);
  const archive = () => admin.client.rpc('archive_gift_card_pool', { pool_id: poolId });
  const inSight = async () => {
    const { data } = await admin.client.from('active_gift_card_pools').select('id, available_cards').eq('id', poolId);
    return data!.length === 1;
  };
  assert.equal((await archive()).error?.code, 'RB400');
  assertDone(await redeem(recipient.token));
  assert.equal((await archive()).error, null);
  assert.equal(await inSight(), false);
  await stock(poolId, 1);
  await eventually('the pool is back', inSight);
});
