import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { deliveryIs, provision } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { awayFromTheEdge } from '../../support/limits.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { messagesTo, messageTo, order, writeSms } from '../../support/sandbox.ts';
import { uniquePhone } from '../../support/unique.ts';

const ask = (recipientId: string, token?: string, more = {}) =>
  call('send-sms-opt-in', { recipientId, ...more }, token ? { token } : {});

function consentsOf(phone: string) {
  return sql`
    select action, source, wording, wording_version, provider_message_id, client_id, recipient_id, recorded_by
    from public.consents where address = ${phone} order by id`;
}

Deno.test('send-sms-opt-in: the recipient answers YES → the card that needs consent is provisioned', async () => {
  const promised = await promise({ requiresOptIn: true });
  const { recipient, clientId } = promised;
  const agent = await signUpAs('call_agent', clientId);
  assertRefused(await provision(promised), 'GC-009');

  const asked = await ask(recipient.id, agent.token);
  assertDone(asked);
  assert.deepEqual([asked.body.recipientId, asked.body.status], [recipient.id, 'requested']);
  const { body: text } = await messageTo(recipient.phone);
  assert.match(
    text,
    /^Rewardbase: Reply YES to receive .* \(up to \d+ msgs\/month\)\. Msg & data rates may apply\. Reply HELP for help, STOP to cancel\.$/,
  );
  await deliveryIs('delivered', asked.body.delivery.id);
  assertRefused(await provision(promised), 'GC-009');

  const { status, twiml, messageSid } = await writeSms(recipient.phone, ' Yes ');
  assert.deepEqual([status, twiml], [200, '<?xml version="1.0" encoding="UTF-8"?><Response></Response>']);
  assertDone(await provision(promised));

  const [request, consent] = await consentsOf(recipient.phone);
  assert.deepEqual([request.action, request.wording, request.recorded_by], ['requested', text, agent.id]);
  assert.deepEqual(
    [consent.action, consent.source, consent.wording, consent.wording_version, consent.provider_message_id],
    ['opted_in', 'sms_reply', text, request.wording_version, messageSid],
  );
  assert.deepEqual([consent.client_id, consent.recipient_id], [clientId, recipient.id]);
  const { data } = await agent.client.from('consents').select('action').eq('recipient_id', recipient.id).order('id');
  assert.deepEqual(data, [{ action: 'requested' }, { action: 'opted_in' }]);

  const again = await ask(recipient.id, agent.token);
  assertDone(again);
  assert.deepEqual([again.body.status, again.body.delivery], ['opted_in', undefined]);
  assert.equal((await messagesTo(recipient.phone)).length, 1);
});

Deno.test('opt-in: skipped by an admin → audited; by an agent → refused', async () => {
  const promised = await promise({ requiresOptIn: true });
  const [agent, admin] = await Promise.all(
    ['call_agent', 'client_admin'].map((role) => signUpAs(role as 'call_agent', promised.clientId)),
  );
  const give = (token: string, skipVerification?: boolean) =>
    call('provision-gift-card-for-call-center', {
      recipientId: promised.recipient.id,
      conditionNumber: 1,
      deliveryMethod: 'email',
      skipVerification,
    }, { token });
  assertRefused(await give(agent.token), 'GC-009');
  assertRefused(await give(agent.token, true), 'RB-403');
  assertRefused(await give(admin.token), 'GC-009');
  const given = await give(admin.token, true);
  assertDone(given);
  const [event] = await sql`
    select actor_id, metadata from public.audit_events
    where action = 'gift_card.provisioned' and subject_id = ${given.body.giftCard.id}`;
  assert.deepEqual([event.actor_id, event.metadata.verification_skipped], [admin.id, true]);
});

Deno.test('send-sms-opt-in: cannot be sent → GC-014; at most three requests per phone and day', async () => {
  await awayFromTheEdge();
  const { recipient } = await promise({ cards: 0 });
  await order({ provider: 'twilio', to: recipient.phone, kind: '21614' });
  assert.match(assertRefused(await ask(recipient.id), 'GC-014').reason, /mobile/);
  assertDone(await ask(recipient.id));
  assertDone(await ask(recipient.id));
  const refused = await ask(recipient.id);
  assertRefused(refused, 'RB-429');
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  const alerts = await sql`
    select from public.system_alerts
    where alert_type = 'redemption_burst' and subject = 'send-sms-opt-in:phone:' || private.fingerprint(${recipient.phone})`;
  assert.equal(alerts.length, 1);
  assert.equal((await messagesTo(recipient.phone)).length, 2);
});

Deno.test('send-sms-opt-in: the same key → one request; another client → unknown recipient', async () => {
  const { recipient, clientId } = await promise({ cards: 0 });
  const agent = await signUpAs('call_agent', clientId);
  const phone = uniquePhone();
  const { body: session } = await call('start-call-session', { callerPhone: phone }, { token: agent.token });
  const { callSessionId } = session;
  const idempotencyKey = crypto.randomUUID();
  const options = { token: agent.token, idempotencyKey };
  const body = { recipientId: recipient.id, phone, callSessionId };
  const [one, two] = [await call('send-sms-opt-in', body, options), await call('send-sms-opt-in', body, options)];
  assertDone(one);
  assert.equal(two.body.delivery.id, one.body.delivery.id);
  assert.equal((await messagesTo(phone)).length, 1);
  await writeSms(phone, 'YES');
  const [{ sms_opted_in_at: at }] =
    await sql`select sms_opted_in_at from public.campaign_recipients where id = ${recipient.id}`;
  assert.ok(at);

  const stranger = await signUpAs('client_admin', (await promise({ cards: 0 })).clientId);
  assertRefused(await ask(recipient.id, stranger.token), 'RB-404');
  assertRefused(await call('send-sms-opt-in', body, { key: null }), 'RB-401');
});

Deno.test('record-consent: consent from a web form → counts like a reply, withdrawn the same way', async () => {
  const promised = await promise({ requiresOptIn: true });
  const { recipient, clientId } = promised;
  const record = (action: string, more: Record<string, unknown> = {}) =>
    call('record-consent', { recipientId: recipient.id, channel: 'sms', action, source: 'web_form', ...more });
  assertRefused(await record('opted_in'), 'GC-012');
  const agreed = { wording: 'Text me about my reward', wordingVersion: 'form-7', ip: '203.0.113.9' };
  const first = await record('opted_in', agreed);
  assertDone(first);
  const [fact] = await sql`select *, host(ip) as host from public.consents where id = ${first.body.consentId}`;
  assert.deepEqual(
    [fact.client_id, fact.address, fact.source, fact.wording, fact.wording_version, fact.host, fact.recorded_by],
    [clientId, recipient.phone, 'web_form', agreed.wording, 'form-7', '203.0.113.9', null],
  );
  assertDone(await provision(promised));

  assertDone(await record('opted_out'));
  assertRefused(await ask(recipient.id), 'RB-400');
  assertDone(await record('opted_in', agreed));
  await writeSms(recipient.phone, 'STOP');
  assertRefused(await record('opted_in', agreed), 'RB-400');
  const stranger = await signUpAs('client_admin', (await promise({ cards: 0 })).clientId);
  assertRefused(
    await call('record-consent', {
      recipientId: recipient.id,
      channel: 'sms',
      action: 'opted_out',
      source: 'agent',
    }, { token: stranger.token }),
    'RB-404',
  );
});
