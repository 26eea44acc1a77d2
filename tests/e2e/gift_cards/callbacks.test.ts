import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { sql } from '../../support/database.ts';
import { assertUnsigned } from '../../support/expect.ts';
import { deliveryIs, provisionBySms } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { promise } from '../../support/promise.ts';
import { messagesTo, messageTo, order } from '../../support/sandbox.ts';
import { stack } from '../../support/stack.ts';

// Callbacks travel at the same time, so one that is late comes often enough to be late for certain.
const DISORDERLY = {
  repeated: ['sent', 'sent', 'delivered', 'delivered', 'sent'],
  reversed: ['delivered', 'sent', 'queued', 'sent', 'sending', 'sent'],
};

for (const [how, callbacks] of Object.entries(DISORDERLY)) {
  Deno.test(`twilio-status: ${how} callbacks → a delivered message stays delivered`, async () => {
    const promised = await promise();
    await order({ provider: 'twilio', to: promised.recipient.phone, kind: how, callbacks });
    const { deliveryId } = await provisionBySms(promised);
    const first = await deliveryIs('delivered', deliveryId);
    // The sandbox calls back every 50 ms; its last call finds the status where it was.
    await new Promise((resume) => setTimeout(resume, 500));
    const [last] = await sql`select * from public.deliveries where id = ${deliveryId}`;
    assert.deepEqual(
      [last.status, last.delivered_at, last.provider_status],
      ['delivered', first.delivered_at, 'delivered'],
    );
  });
}

Deno.test('twilio-status: undelivered → the other channel', async () => {
  const promised = await promise();
  const { phone, email } = promised.recipient;
  await order({ provider: 'twilio', to: phone, kind: 'undelivered' });
  const { deliveryId } = await provisionBySms(promised);
  const { error_code } = await deliveryIs('undelivered', deliveryId);
  assert.equal(error_code, '30003');
  assert.ok((await messageTo(email)).body.includes(promised.cards[0].code));
  const [log] = await sql`select status from public.sms_delivery_log where delivery_id = ${deliveryId}`;
  assert.equal(log.status, 'undelivered');
});

Deno.test('twilio-status: unsigned → refused, nothing changes', async () => {
  const promised = await promise();
  await order({ provider: 'twilio', to: promised.recipient.phone, kind: 'silent', callbacks: [] });
  const { deliveryId } = await provisionBySms(promised);
  await deliveryIs('sent', deliveryId);
  const [{ sid }] = await messagesTo(promised.recipient.phone);
  const [{ id: attempt }] = await sql`select id from public.delivery_attempts where delivery_id = ${deliveryId}`;

  const form = new URLSearchParams({ MessageSid: sid, MessageStatus: 'delivered' }).toString();
  const url = `${stack.apiUrl}/functions/v1/twilio-status?attempt=${attempt}`;
  const signed = `${url}MessageSid${sid}MessageStatusdelivered`;
  const forgeries = [null, '', 'AAAA', createHmac('sha1', 'another token').update(signed).digest('base64')];
  for (const signature of forgeries) {
    const answer = await call('twilio-status', form, {
      query: `?attempt=${attempt}`,
      key: null,
      type: 'application/x-www-form-urlencoded',
      headers: signature === null ? {} : { 'x-twilio-signature': signature },
    });
    assertUnsigned(answer);
  }
  const [{ status }] = await sql`select status from public.deliveries where id = ${deliveryId}`;
  assert.equal(status, 'sent');
});
