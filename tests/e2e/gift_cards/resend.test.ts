import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { deliveryIs, provision, provisionBySms } from '../../support/gift_cards.ts';
import { type Answer, call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { messagesTo, messageTo, order } from '../../support/sandbox.ts';
import { uniquePhone } from '../../support/unique.ts';

/** The scheduler may be quicker than the function to lease a resend; then the answer says that it is under way. */
function unlessUnderWay(resend: () => Promise<Answer>): Promise<Answer> {
  return eventually('an answer that tells the end', async () => {
    const answer = await resend();
    return answer.body.delivery?.status !== 'sending' && answer;
  });
}

Deno.test('send-gift-card-sms: an agent names another phone and a reason → sent and audited', async () => {
  const promised = await promise();
  const [card] = promised.cards;
  const { giftCardId, deliveryId } = await provisionBySms(promised);
  await deliveryIs('delivered', deliveryId);
  const agent = await signUpAs('call_agent', promised.clientId);
  const phone = uniquePhone();
  const reason = 'The recipient has a new phone';
  const { data, error } = await agent.client.functions.invoke('send-gift-card-sms', {
    body: { giftCardId, phone, reason },
  });
  assert.equal(error, null);
  assert.deepEqual([data.giftCardId, data.delivery.method], [giftCardId, 'sms']);
  assert.ok((await messageTo(phone)).body.includes(card.code));
  const [audit] = await sql`
    select * from public.audit_events where subject_id = ${giftCardId} and action = 'gift_card.resent'`;
  assert.deepEqual([audit.actor_id, audit.reason, audit.metadata.other_address], [agent.id, reason, true]);
});

Deno.test("send-gift-card-email: no address → the recipient's own", async () => {
  const promised = await promise();
  const { body: { giftCard } } = await provision(promised);
  const answer = await unlessUnderWay(() => call('send-gift-card-email', { giftCardId: giftCard.id }));
  assertDone(answer);
  assert.ok(['sent', 'delivered'].includes(answer.body.delivery.status), answer.text);
  assert.ok((await messageTo(promised.recipient.email)).body.includes(giftCard.code));
  const [log] = await sql`select * from public.email_delivery_log where gift_card_id = ${giftCard.id}`;
  assert.equal(log.email_address, promised.recipient.email);
});

Deno.test('send-gift-card-sms: the same Idempotency-Key → sent once', async () => {
  const promised = await promise();
  const { body: { giftCard } } = await provision(promised);
  const resend = (reason: string) =>
    call('send-gift-card-sms', { giftCardId: giftCard.id, reason }, { idempotencyKey: giftCard.id });
  for (let time = 0; time < 3; time++) assertDone(await resend('once'));
  assertRefused(await resend('another'), 'RB-409');
  await messageTo(promised.recipient.phone);
  assert.equal((await messagesTo(promised.recipient.phone)).length, 1);
});

Deno.test('send-gift-card-sms: a permanent failure → GC-014 with the reason', async () => {
  const promised = await promise();
  const { body: { giftCard } } = await provision(promised);
  const phone = uniquePhone();
  await order({ provider: 'twilio', to: phone, kind: '21211', times: 9 });
  const answer = await unlessUnderWay(() => call('send-gift-card-sms', { giftCardId: giftCard.id, phone }));
  const { deliveryId, status, reason } = assertRefused(answer, 'GC-014');
  assert.equal(status, 'failed');
  assert.ok(reason);
  const [delivery] = await sql`select * from public.deliveries where id = ${deliveryId}`;
  assert.deepEqual([delivery.status, delivery.attempts, delivery.error_code], ['failed', 1, '21211']);
  assert.equal((await messagesTo(phone)).length, 0);
});

Deno.test('send-gift-card-email: a permanent failure → GC-014', async () => {
  const promised = await promise();
  const { body: { giftCard } } = await provision(promised);
  const email = `x-${promised.recipient.email}`;
  await order({ provider: 'sendgrid', to: email, kind: '403', times: 9 });
  const answer = await unlessUnderWay(() => call('send-gift-card-email', { giftCardId: giftCard.id, email }));
  assert.equal(assertRefused(answer, 'GC-014').status, 'failed');
});

Deno.test('send-gift-card-sms: an unclaimed card → refused', async () => {
  const { poolId } = await promise();
  const [{ id: giftCardId }] = await sql`select id from public.gift_cards where pool_id = ${poolId}`;
  assertRefused(await call('send-gift-card-sms', { giftCardId, phone: uniquePhone() }), 'RB-400');
  assertRefused(await call('send-gift-card-sms', { giftCardId: crypto.randomUUID() }), 'RB-404');
});
