import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused, assertUnsigned } from '../../support/expect.ts';
import { deliveryIs, provisionBySms } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { messagesTo, messageTo, writeSms } from '../../support/sandbox.ts';
import { stack } from '../../support/stack.ts';
import { uniquePhone } from '../../support/unique.ts';

const isOptedOut = async (address: string) =>
  (await sql`select from public.contact_opt_outs where address = ${address}`).length === 1;

const keptFrom = (phone: string) =>
  sql`select body, meaning, answer, client_id from public.inbound_messages where phone = ${phone} order by created_at`;

Deno.test('twilio-inbound: an opt-out in any words → one confirmation, then no SMS', async () => {
  const promised = await promise();
  const { phone, email } = promised.recipient;
  const first = await writeSms(phone, 'Hi, please stop texting me. Thank you!');
  assert.equal(first.status, 200);
  assert.deepEqual(first.answers, [
    'Rewardbase: You have opted out and will receive no more messages. Reply START to opt in again.',
  ]);
  assert.deepEqual((await writeSms(phone, 'take me off your list')).answers, []);
  const { deliveryId } = await provisionBySms(promised);
  await deliveryIs('suppressed', deliveryId);
  assert.ok((await messageTo(email)).body.includes(promised.cards[0].code));
  assert.equal((await messagesTo(phone)).length, 1);
  assertRefused(await call('send-sms-opt-in', { recipientId: promised.recipient.id }), 'RB-400');
});

Deno.test('twilio-inbound: STOP and START → recorded, Twilio answers them itself', async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const { phone } = promised.recipient;
  assert.deepEqual((await writeSms(phone, 'STOP')).answers, []);
  assert.ok(await isOptedOut(phone));
  const { deliveryId } = await provisionBySms(promised);
  await deliveryIs('suppressed', deliveryId);

  assert.deepEqual((await writeSms(phone, 'Start')).answers, []);
  assert.ok(!await isOptedOut(phone));
  await sql`update public.campaign_recipients set phone = ${phone} where id = ${promised.recipients[1].id}`;
  const again = await provisionBySms(promised, { ...promised.recipients[1], phone });
  await deliveryIs('delivered', again.deliveryId);
});

Deno.test('twilio-inbound: HELP → company and support contact, unless configured at Twilio', async () => {
  const phone = uniquePhone();
  const { answers, twiml } = await writeSms(phone, 'help');
  assert.deepEqual(answers, [
    'Rewardbase: Text messages about your rewards. Questions? +1 555 010 0199 or support@example.com. ' +
    'Msg & data rates may apply. Reply STOP to cancel.',
  ]);
  assert.match(twiml, /<Response><Message>[^<]*&amp; data[^<]*<\/Message><\/Response>$/);
  assert.deepEqual((await writeSms(phone, 'help', { optOutType: 'HELP' })).answers, []);
});

Deno.test("twilio-inbound: Twilio's OptOutType → applied, in any language", async () => {
  const phone = uniquePhone();
  assert.deepEqual((await writeSms(phone, 'ADIOS', { optOutType: 'STOP' })).answers, []);
  assert.ok(await isOptedOut(phone));
  await writeSms(phone, 'HOLA', { optOutType: 'START' });
  assert.ok(!await isOptedOut(phone));
});

Deno.test('twilio-inbound: the same message again → stored once, the same answer', async () => {
  const phone = uniquePhone();
  const first = await writeSms(phone, 'no more messages');
  const [second, third] = await Promise.all([1, 2].map(() => writeSms(phone, 'no more messages', first)));
  assert.deepEqual([second.twiml, third.twiml], [first.twiml, first.twiml]);
  assert.equal((await keptFrom(phone)).length, 1);
  const facts = await sql`select from public.consents where address = ${phone}`;
  assert.equal(facts.length, 1);
});

Deno.test('twilio-inbound: STOP in a message of any length → an opt-out', async () => {
  const phone = uniquePhone();
  assert.equal((await writeSms(phone, `STOP texting me. ${'I mean it! '.repeat(1000)}`)).status, 200);
  assert.ok(await isOptedOut(phone));
  const [{ body }] = await keptFrom(phone);
  assert.equal(body.length, 4096);
});

Deno.test("twilio-inbound: an unclear message → no change, stored for the client's staff", async () => {
  const promised = await promise();
  const { phone } = promised.recipient;
  await deliveryIs('delivered', (await provisionBySms(promised)).deliveryId);
  const words = "The code doesn't work at the store 😢 — what now?";
  assert.deepEqual((await writeSms(phone, words)).answers, []);
  assert.ok(!await isOptedOut(phone));
  const [agent, stranger] = [
    await signUpAs('call_agent', promised.clientId),
    await signUpAs('call_agent', (await promise({ cards: 0 })).clientId),
  ];
  const read = async ({ client }: typeof agent) =>
    (await client.from('inbound_messages').select('body, meaning, recipient_id').eq(
      'recipient_id',
      promised.recipient.id,
    )).data;
  assert.deepEqual(await read(agent), [{ body: words, meaning: 'other', recipient_id: promised.recipient.id }]);
  assert.deepEqual(await read(stranger), []);
});

Deno.test('twilio-inbound: unsigned → refused, nothing stored', async () => {
  const phone = uniquePhone();
  const fields = { MessageSid: `SM${'a'.repeat(32)}`, From: phone, Body: 'STOP' };
  const url = `${stack.apiUrl}/functions/v1/twilio-inbound`;
  const signed = url + Object.entries(fields).sort().map(([name, value]) => name + value).join('');
  for (const signature of [null, '', 'AAAA', createHmac('sha1', 'another token').update(signed).digest('base64')]) {
    const answer = await call('twilio-inbound', new URLSearchParams(fields).toString(), {
      key: null,
      type: 'application/x-www-form-urlencoded',
      headers: signature === null ? {} : { 'x-twilio-signature': signature },
    });
    assertUnsigned(answer);
  }
  assert.equal((await keptFrom(phone)).length, 0);
});

Deno.test('record-consent: an opt-out recorded by staff → effective at once, the card goes by e-mail', async () => {
  const promised = await promise();
  const { recipient, clientId } = promised;
  const agent = await signUpAs('call_agent', clientId);
  const { data, error } = await agent.client.rpc('record_opt_out', {
    recipient_id: recipient.id,
    channel: 'sms',
    wording: 'said so in a call',
  });
  assert.equal(error, null);
  assert.deepEqual([data.action, data.source, data.recorded_by], ['opted_out', 'agent', agent.id]);
  await deliveryIs('suppressed', (await provisionBySms(promised)).deliveryId);
  assert.ok((await messageTo(recipient.email)).body.includes(promised.cards[0].code));

  const back = await agent.client.rpc('record_consent', {
    recipient_id: recipient.id,
    channel: 'sms',
    source: 'agent',
    wording: 'Text me after all',
  });
  assert.equal(back.data?.action, 'opted_in');
  assertDone(
    await call('send-gift-card-sms', {
      giftCardId: (await sql`select id from public.gift_cards where recipient_id = ${recipient.id}`)[0].id,
    }),
  );
});

Deno.test('inbound: a parameter that comes twice → a STOP among its values is kept', async () => {
  for (const [body, again] of [['STOP', 'thanks'], ['thanks', 'STOP']]) {
    const phone = uniquePhone();
    assert.equal((await writeSms(phone, body, { again: { Body: again } })).status, 200);
    assert.ok(await isOptedOut(phone), body);
  }
});

Deno.test('inbound: стоп, 取消 and abmelden → opted out', async () => {
  for (const body of ['стоп', '取消', 'Bitte abmelden']) {
    const phone = uniquePhone();
    assert.match((await writeSms(phone, body)).answers[0], /You have opted out/);
    assert.ok(await isOptedOut(phone), body);
  }
});

Deno.test('inbound: "Yes" by WhatsApp → the STOP by SMS stays', async () => {
  const phone = uniquePhone();
  await writeSms(phone, 'STOP');
  await writeSms(`whatsapp:${phone}`, 'Yes');
  assert.ok(await isOptedOut(phone));
});

Deno.test('inbound: "I need to cancel my appointment" → still written to; an agent of the client decides', async () => {
  const { recipient: { phone }, clientId } = await promise();
  assert.deepEqual((await writeSms(phone, 'I need to cancel my appointment')).answers, []);
  assert.ok(!await isOptedOut(phone));
  const { client } = await signUpAs('call_agent', clientId);
  const { data } = await client.from('replies_to_review').select('id, body').eq('phone', phone);
  assert.deepEqual(data!.map(({ body }) => body), ['I need to cancel my appointment']);
  const args = { inbound_message_id: data![0].id, decision: 'opted_out' };
  assert.equal((await client.rpc('decide_reply', args)).data.isOptedOut, true);
  assert.ok(await isOptedOut(phone));
  assert.equal((await client.from('replies_to_review').select('id').eq('phone', phone)).data!.length, 0);
});
