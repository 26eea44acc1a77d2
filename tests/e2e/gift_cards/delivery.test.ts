import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone } from '../../support/expect.ts';
import { deliveryIs, provisionBySms } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { addRecipients, promise } from '../../support/promise.ts';
import { messagesTo, messageTo, order } from '../../support/sandbox.ts';
import { provision } from '../../support/gift_cards.ts';
import { uniquePhone } from '../../support/unique.ts';

function attemptsOf(deliveryId: string) {
  return sql`
    select status, error_code from public.sms_delivery_log where delivery_id = ${deliveryId} order by attempt_number`;
}

Deno.test('delivery: Twilio answers 429 → three attempts with a delay between', async () => {
  const promised = await promise();
  const { phone } = promised.recipient;
  await order({ provider: 'twilio', to: phone, kind: '429', times: 2 });
  const { deliveryId, giftCardId } = await provisionBySms(promised);
  await eventually('it is delivered, in its own time', async () => {
    const [delivery] = await sql`select from public.deliveries where id = ${deliveryId} and status = 'delivered'`;
    return delivery;
  });
  const [{ pauses }] = await sql`
    select array_agg(a.created_at - b.created_at > interval '700 milliseconds') as pauses
    from public.delivery_attempts a
    join public.delivery_attempts b on b.delivery_id = a.delivery_id and b.attempt_number = a.attempt_number - 1
    where a.delivery_id = ${deliveryId}`;
  assert.deepEqual(pauses, [true, true]);
  assert.deepEqual(
    (await attemptsOf(deliveryId)).map(({ status, error_code }) => [status, error_code]),
    [['failed', '20429'], ['failed', '20429'], ['delivered', null]],
  );
  assert.equal((await messagesTo(phone)).length, 1);
  const [card] = await sql`select status, delivery_method from public.gift_cards where id = ${giftCardId}`;
  assert.deepEqual([card.status, card.delivery_method], ['delivered', 'sms']);
});

Deno.test("delivery: three refusals → the recipient's other channel", async () => {
  const promised = await promise();
  const { phone, email } = promised.recipient;
  await order({ provider: 'twilio', to: phone, kind: '429', times: 3 });
  const { deliveryId } = await provisionBySms(promised);
  await deliveryIs('failed', deliveryId);
  assert.equal((await attemptsOf(deliveryId)).length, 3);
  assert.ok((await messageTo(email)).body.includes(promised.cards[0].code));
  assert.equal((await messagesTo(phone)).length, 0);
});

Deno.test('delivery: an opt-out at Twilio → an e-mail, no further SMS attempt', async () => {
  const promised = await promise({ cards: 2 });
  const { phone, email } = promised.recipient;
  await order({ provider: 'twilio', to: phone, kind: '21610' });
  const first = await provisionBySms(promised);
  await deliveryIs('failed', first.deliveryId);
  assert.ok((await messageTo(email)).body.includes('TEST-'));
  const [optOut] = await sql`select source from public.contact_opt_outs where channel = 'sms' and address = ${phone}`;
  assert.equal(optOut.source, 'provider');

  const [second] = await addRecipients(promised.campaignId);
  await sql`update public.campaign_recipients set phone = ${phone} where id = ${second.id}`;
  const { deliveryId } = await provisionBySms(promised, second);
  await deliveryIs('suppressed', deliveryId);
  assert.equal((await attemptsOf(deliveryId)).length, 0);
  await messageTo(second.email);
  assert.equal((await messagesTo(phone)).length, 0);
});

Deno.test('delivery: an invalid number without another channel → an alert for an operator', async () => {
  const promised = await promise();
  const { id, phone } = promised.recipient;
  await sql`update public.campaign_recipients set email = null where id = ${id}`;
  await order({ provider: 'twilio', to: phone, kind: '21211' });
  const { deliveryId, giftCardId } = await provisionBySms(promised);
  await deliveryIs('failed', deliveryId);
  assert.equal((await attemptsOf(deliveryId)).length, 1);
  const [alert] = await sql`select * from public.system_alerts where subject = ${giftCardId}`;
  assert.deepEqual([alert.alert_type, alert.client_id], ['delivery_failed', promised.clientId]);
  const [card] = await sql`select status from public.gift_cards where id = ${giftCardId}`;
  assert.equal(card.status, 'stuck');
});

Deno.test('delivery: an SMS accepted without an answer → looked up at Twilio, sent exactly once', async () => {
  const promised = await promise();
  const { phone } = promised.recipient;
  await order({ provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 100, callbacks: [] });
  const { deliveryId } = await provisionBySms(promised);
  // No callback comes, so that nothing but a look-up can tell.
  const { attempts, provider_message_id } = await deliveryIs('sent', deliveryId);
  const messages = await messagesTo(phone);
  assert.deepEqual([attempts, messages.length, messages[0].sid], [1, 1, provider_message_id]);
});

Deno.test('delivery: an SMS accepted without an answer → settled by the callback of its attempt', async () => {
  const promised = await promise();
  const { phone } = promised.recipient;
  await order({ provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 100 });
  const { deliveryId } = await provisionBySms(promised);
  const { attempts, provider_message_id } = await eventually('the callback settles it', async () => {
    // No job looks it up meanwhile.
    await sql`
      update public.deliveries set next_attempt_at = now() + interval '1 hour' where id = ${deliveryId} and status = 'unknown'`;
    const [delivery] = await sql`select * from public.deliveries where id = ${deliveryId} and status = 'delivered'`;
    return delivery;
  });
  const messages = await messagesTo(phone);
  assert.deepEqual([attempts, messages.length, messages[0].sid], [1, 1, provider_message_id]);
});

for (const kind of ['timeout_before_accepting', '500']) {
  Deno.test(`delivery: an SMS that ended in ${kind} → looked up, not found, then sent again`, async () => {
    const promised = await promise();
    const { phone } = promised.recipient;
    await order({ provider: 'twilio', to: phone, kind, holdMs: 100 });
    const { deliveryId } = await provisionBySms(promised);
    const { attempts } = await deliveryIs('delivered', deliveryId);
    assert.deepEqual([attempts, (await messagesTo(phone)).length], [2, 1]);
    const tries = await sql`
      select status from public.delivery_attempts where delivery_id = ${deliveryId} order by attempt_number`;
    assert.deepEqual(tries.map(({ status }) => status), ['not_sent', 'sent']);
  });
}

Deno.test('delivery: an e-mail accepted without an answer → found by its attempt id', async () => {
  const promised = await promise();
  const { email } = promised.recipient;
  await order({ provider: 'sendgrid', to: email, kind: 'timeout_after_accepting', holdMs: 100 });
  const { body } = await provision(promised, { deliveryMethod: 'email' });
  const { attempts } = await deliveryIs('delivered', body.delivery.id);
  assert.deepEqual([attempts, (await messagesTo(email)).length], [1, 1]);
});

Deno.test('delivery: an e-mail with unknown outcome → not sent again, an alert is raised', async () => {
  const promised = await promise();
  const { email } = promised.recipient;
  await order({ provider: 'sendgrid', to: email, kind: 'timeout_before_accepting', holdMs: 100 });
  const { body } = await provision(promised, { deliveryMethod: 'email' });
  const alert = await eventually('an alert is raised', async () => {
    const [raised] = await sql`select * from public.system_alerts where subject = ${body.delivery.id}`;
    return raised;
  });
  assert.equal(alert.alert_type, 'delivery_outcome_unknown');
  const [{ status, attempts }] = await sql`select * from public.deliveries where id = ${body.delivery.id}`;
  assert.deepEqual([status, attempts, (await messagesTo(email)).length], ['unknown', 1, 0]);
});

Deno.test('delivery: SendGrid answers 429 → retried', async () => {
  const promised = await promise();
  const { email } = promised.recipient;
  await order({ provider: 'sendgrid', to: email, kind: '429', times: 2 });
  const { body } = await provision(promised, { deliveryMethod: 'email' });
  const { attempts } = await deliveryIs('delivered', body.delivery.id);
  assert.deepEqual([attempts, (await messagesTo(email)).length], [3, 1]);
});

Deno.test("delivery: a campaign's own template → filled in, values are not read as tags", async () => {
  const promised = await promise();
  const template = 'Hi {{first_name}} {{last_name}}, your ${{amount}} {{brand}} card: {{code}} / {{pin}}';
  await sql`update public.campaigns set sms_template = ${template} where id = ${promised.campaignId}`;
  await sql`update public.campaign_recipients set first_name = '{{code}}' where id = ${promised.recipient.id}`;
  await provisionBySms(promised);
  const { body } = await messageTo(promised.recipient.phone);
  const [{ code, pin }] = promised.cards;
  assert.match(body, /^Hi \{\{code\}\} Archer, your \$25 Brand [0-9a-f-]+ card: /);
  assert.ok(body.endsWith(`card: ${code} / ${pin}`), body);
});

Deno.test('delivery: undelivered without another channel → stuck; a resend to a corrected contact → delivered', async () => {
  const promised = await promise();
  const { id, phone } = promised.recipient;
  await sql`update public.campaign_recipients set email = null where id = ${id}`;
  await order({ provider: 'twilio', to: phone, kind: 'undelivered' });
  const { deliveryId, giftCardId } = await provisionBySms(promised);
  await deliveryIs('undelivered', deliveryId);
  const [stuck] = await sql`select status, stuck_at, delivered_at from public.gift_cards where id = ${giftCardId}`;
  assert.deepEqual([stuck.status, stuck.stuck_at !== null, stuck.delivered_at], ['stuck', true, null]);

  const corrected = uniquePhone();
  const answer = await call('send-gift-card-sms', { giftCardId, phone: corrected, reason: 'A mistyped number' });
  assertDone(answer);
  assert.ok((await messageTo(corrected)).body.includes(promised.cards[0].code));
  await deliveryIs('delivered', answer.body.delivery.id);
  const [card] = await sql`
    select c.status, c.delivery_method, c.delivered_at = d.delivered_at as is_its_time
    from public.gift_cards c, public.deliveries d where c.id = ${giftCardId} and d.id = ${answer.body.delivery.id}`;
  assert.deepEqual({ ...card }, { status: 'delivered', delivery_method: 'sms', is_its_time: true });
  const open = await sql`select from public.system_alerts where subject = ${giftCardId} and resolved_at is null`;
  assert.equal(open.length, 0);
});

Deno.test('delivery: the e-mail arrives after the SMS has failed → the card has its method and time', async () => {
  const promised = await promise();
  await order({ provider: 'twilio', to: promised.recipient.phone, kind: 'undelivered' });
  const { deliveryId, giftCardId } = await provisionBySms(promised);
  await deliveryIs('undelivered', deliveryId);
  const mail = await eventually('the e-mail is delivered', async () => {
    const [delivery] = await sql`
      select * from public.deliveries where subject_id = ${giftCardId} and channel = 'email' and status = 'delivered'`;
    return delivery;
  });
  const [card] = await sql`select * from public.gift_cards where id = ${giftCardId}`;
  assert.deepEqual([card.status, card.delivery_method, card.delivered_at], ['delivered', 'email', mail.delivered_at]);
});
