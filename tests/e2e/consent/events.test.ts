import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertUnsigned } from '../../support/expect.ts';
import { deliveryIs, provision } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { promise, type Promised } from '../../support/promise.ts';
import { messageTo, order, tellEvents } from '../../support/sandbox.ts';
import { uniqueEmail } from '../../support/unique.ts';

async function provisionByEmail(promised: Promised, callbacks?: string[]): Promise<string> {
  const { email } = promised.recipient;
  if (callbacks) await order({ provider: 'sendgrid', to: email, kind: 'events', callbacks });
  const { body } = await provision(promised, { deliveryMethod: 'email' });
  return body.delivery.id;
}

const now = () => Math.floor(Date.now() / 1000);

Deno.test('sendgrid-events: delivered → the delivery is delivered, in the log too', async () => {
  const promised = await promise();
  const deliveryId = await provisionByEmail(promised);
  const { provider_status } = await deliveryIs('delivered', deliveryId);
  assert.equal(provider_status, 'delivered');
  const [log] = await sql`select status from public.email_delivery_log where delivery_id = ${deliveryId}`;
  assert.equal(log.status, 'delivered');
});

Deno.test('sendgrid-events: repeated and late events → a delivered e-mail stays delivered', async () => {
  const promised = await promise();
  const deliveryId = await provisionByEmail(promised, ['delivered', 'delivered', 'processed', 'deferred', 'bounce']);
  const first = await deliveryIs('delivered', deliveryId);
  await new Promise((resume) => setTimeout(resume, 1000));
  const [last] = await sql`select * from public.deliveries where id = ${deliveryId}`;
  assert.deepEqual([last.status, last.delivered_at, last.provider_status], [
    'delivered',
    first.delivered_at,
    'delivered',
  ]);
});

Deno.test('sendgrid-events: a bounce → the other channel', async () => {
  const promised = await promise();
  const deliveryId = await provisionByEmail(promised, ['processed', 'bounce']);
  assert.equal((await deliveryIs('undelivered', deliveryId)).error_code, '5.1.1');
  assert.ok((await messageTo(promised.recipient.phone)).body.includes(promised.cards[0].code));
});

Deno.test('sendgrid-events: dropped → the other channel', async () => {
  const promised = await promise();
  await deliveryIs('undelivered', await provisionByEmail(promised, ['dropped']));
  assert.ok((await messageTo(promised.recipient.phone)).body.includes(promised.cards[0].code));
});

Deno.test('sendgrid-events: a temporary block → still on its way, an alert is raised', async () => {
  const promised = await promise();
  const deliveryId = await provisionByEmail(promised, ['deferred', 'blocked']);
  const { subject_id } = await deliveryIs('sent', deliveryId);
  const blocked = async () => (await sql`select from public.system_alerts where subject = ${subject_id}`).length === 1;
  await eventually('a person is told', blocked);
  const [{ status, provider_status, error_code }] = await sql`select * from public.deliveries where id = ${deliveryId}`;
  assert.deepEqual([status, provider_status, error_code], ['sent', 'blocked', 'blocked']);
});

for (const event of ['spamreport', 'unsubscribe', 'group_unsubscribe']) {
  Deno.test(`sendgrid-events: ${event} → no e-mail any more; only its own group's resubscribe lifts a group's`, async () => {
    const email = uniqueEmail();
    const group = { asm_group_id: 7 };
    const batch = [{
      event,
      email: email.toUpperCase(),
      sg_event_id: crypto.randomUUID(),
      sg_message_id: 'x.recvd-1',
      ...(event === 'group_unsubscribe' ? group : {}),
    }];
    assert.equal((await tellEvents(batch)).status, 204);
    const optOut = () => sql`select source from public.contact_opt_outs where channel = 'email' and address = ${email}`;
    assert.deepEqual((await optOut()).map(({ source }) => source), ['provider'], event);
    const [fact] = await sql`select action, wording from public.consents where address = ${email}`;
    assert.deepEqual({ ...fact }, { action: 'opted_out', wording: event });
    const resubscribe = (asm_group_id: number) =>
      tellEvents([{ event: 'group_resubscribe', email, sg_event_id: crypto.randomUUID(), asm_group_id }]);
    await resubscribe(8);
    assert.equal((await optOut()).length, 1, 'another group says nothing');
    await resubscribe(7);
    assert.equal((await optOut()).length, event === 'group_unsubscribe' ? 0 : 1);
    // The same batch again, as SendGrid sends it when it has missed the response.
    await tellEvents(batch);
    assert.equal((await optOut()).length, event === 'group_unsubscribe' ? 0 : 1);
  });
}

Deno.test('sendgrid-events: unsigned or old → refused, without effect', async () => {
  const email = uniqueEmail();
  const batch = [{ event: 'spamreport', email, sg_event_id: crypto.randomUUID() }];
  const { sent } = await tellEvents([{ event: 'open', email: uniqueEmail(), sg_event_id: crypto.randomUUID() }]);
  const timestamp = 'x-twilio-email-event-webhook-timestamp';
  const signature = 'x-twilio-email-event-webhook-signature';
  const genuine = sent.headers[signature];
  const forgeries: Record<string, string>[] = [
    {},
    sent.headers,
    ...['', 'AAAA', '!!!', genuine.slice(0, -8), `${genuine}AAAA`, 'x'.repeat(10_000), '\u00e9'].map((forged) => ({
      ...sent.headers,
      [signature]: forged,
    })),
    ...['', 'now', '-1', '1e9', String(now()), '9'.repeat(30)].map((forged) => ({
      ...sent.headers,
      [timestamp]: forged,
    })),
  ];
  for (const headers of forgeries) {
    const answer = await call('sendgrid-events', JSON.stringify(batch), {
      key: null,
      type: 'application/json',
      headers,
    });
    assertUnsigned(answer);
  }
  assert.equal((await tellEvents(batch, now() - 26 * 3600)).status, 403);
  assert.equal((await tellEvents(batch, now() + 3600)).status, 403);
  assert.equal((await sql`select from public.contact_opt_outs where address = ${email}`).length, 0);
  assert.equal((await tellEvents(batch, now() - 24 * 3600)).status, 204);
  assert.equal((await sql`select from public.contact_opt_outs where address = ${email}`).length, 1);
});
