import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { deliveryIs, traceOf } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { awayFromTheEdge } from '../../support/limits.ts';
import { type Person, signUp, signUpAs } from '../../support/people.ts';
import { addRecipients, promise, stock } from '../../support/promise.ts';
import { messagesTo, messageTo } from '../../support/sandbox.ts';
import { symbols, uniquePhone } from '../../support/unique.ts';

function provisionFor(agent: Person, body: Record<string, unknown>) {
  const request = { conditionNumber: 1, deliveryMethod: 'sms', ...body };
  return call('provision-gift-card-for-call-center', request, { token: agent.token });
}

Deno.test('call center: a known phone → a card by SMS, the agent sees no code', async () => {
  const { clientId, campaignId, recipient, cards: [card] } = await promise();
  const agent = await signUpAs('call_agent', clientId);
  const typed = `1 (${recipient.phone.slice(2, 5)}) ${recipient.phone.slice(5, 8)} ${recipient.phone.slice(8)}`;
  const { data: session } = await agent.client.functions.invoke('start-call-session', { body: { callerPhone: typed } });
  assert.equal(session.matches.length, 1);
  const [match] = session.matches;
  assert.deepEqual(
    [match.recipientId, match.firstName, match.campaignId, match.phoneLast4],
    [recipient.id, 'Ada', campaignId, recipient.phone.slice(-4)],
  );

  const spoken = recipient.token.toLowerCase().split('').join(' ');
  const { data, error } = await agent.client.functions.invoke('provision-gift-card-for-call-center', {
    body: { callSessionId: session.callSessionId, confirmationCode: spoken, conditionNumber: 1, deliveryMethod: 'sms' },
  });
  assert.equal(error, null);
  assert.equal(data.giftCard.codeLast4, card.code.slice(-4));
  const answer = JSON.stringify(data);
  assert.ok(!answer.includes(card.code) && !answer.includes(card.pin), answer);

  await deliveryIs('delivered', data.delivery.id);
  const [message, ...others] = await messagesTo(recipient.phone);
  assert.ok(message.body.includes(card.code));
  assert.equal(others.length, 0);
  const [met] = await sql`select * from public.call_conditions_met where id = ${data.conditionMetId}`;
  assert.deepEqual(
    [met.call_session_id, met.recipient_id, met.condition_number, met.gift_card_id, met.met_by_agent_id],
    [session.callSessionId, recipient.id, 1, data.giftCard.id, agent.id],
  );
  assert.ok((await traceOf(data.requestId)).some(({ step_name }) => step_name === 'Log condition met'));
});

Deno.test('call center: a recipient chosen by id → a card by e-mail or to another phone', async () => {
  const { clientId, recipients: [one, two] } = await promise({ cards: 2, recipients: 2 });
  const agent = await signUpAs('call_agent', clientId);
  const phone = uniquePhone();
  const refused = await provisionFor(agent, { recipientId: one.id, phone });
  assertRefused(refused, 'GC-012');
  assert.deepEqual(refused.body.error.fields, [{ field: 'reason', problem: 'is required' }]);
  assertDone(await provisionFor(agent, { recipientId: one.id, phone, reason: 'the caller has a new phone' }));
  assertDone(await provisionFor(agent, { recipientId: two.id, deliveryMethod: 'email' }));
  await messageTo(phone);
  await messageTo(two.email);
  assert.equal((await messagesTo(one.phone)).length, 0);
});

Deno.test('call centre: premium-rate and satellite numbers, and countries that are not allowed → GC-012', async () => {
  const { clientId, recipients: [recipient] } = await promise({ cards: 1, recipients: 1 });
  const agent = await signUpAs('call_agent', clientId);
  for (const phone of ['+1 900 555 0123', '+44 70 1234 5678', '+8816 1234 5678', '+18765550123']) {
    const refused = await provisionFor(agent, { recipientId: recipient.id, phone, reason: 'asked by phone' });
    assertRefused(refused, 'GC-012');
    assert.equal(refused.body.error.fields[0].field, 'phone', phone);
  }
  assertDone(await provisionFor(agent, { recipientId: recipient.id }));
});

Deno.test('call center: a shared phone → both recipients; a foreign one → none', async () => {
  const [{ clientId, campaignId, recipient }, foreign] = [await promise(), await promise()];
  const [twin] = await addRecipients(campaignId);
  await sql`update public.campaign_recipients set phone = ${recipient.phone} where id in (${twin.id}, ${foreign.recipient.id})`;
  const agent = await signUpAs('call_agent', clientId);
  const start = (callerPhone: string) => call('start-call-session', { callerPhone }, { token: agent.token });
  const { body } = await start(recipient.phone);
  assert.deepEqual(
    new Set(body.matches.map(({ recipientId }: { recipientId: string }) => recipientId)),
    new Set([recipient.id, twin.id]),
  );
  const unknown = await start(uniquePhone());
  assertDone(unknown);
  assert.deepEqual(unknown.body.matches, []);
  const [{ recipient_id }] = await sql`
    select recipient_id from public.call_sessions where id = ${unknown.body.callSessionId}`;
  assert.equal(recipient_id, null);
  const stranger = await signUp();
  assertRefused(
    await call('start-call-session', { callerPhone: recipient.phone }, { token: stranger.token }),
    'RB-403',
  );
});

Deno.test('call center: unknown codes and codes of other clients → the same error', async () => {
  const [mine, foreign] = [await promise(), await promise()];
  const agent = await signUpAs('call_agent', mine.clientId);
  const answers = await Promise.all(
    [symbols(12), foreign.recipient.token].map((confirmationCode) => provisionFor(agent, { confirmationCode })),
  );
  const texts = answers.map((answer) => answer.text.replace(assertRefused(answer, 'GC-011').requestId, ''));
  assert.equal(texts[0], texts[1]);
});

Deno.test('call center: more than 30 wrong codes of an agent → RB-429', async () => {
  await awayFromTheEdge();
  const { clientId, recipient } = await promise();
  const agent = await signUpAs('call_agent', clientId);
  const guesses = await Promise.all(
    Array.from({ length: 30 }, () => provisionFor(agent, { confirmationCode: symbols(12) })),
  );
  for (const answer of guesses) assertRefused(answer, 'GC-011');
  const limited = await provisionFor(agent, { confirmationCode: recipient.token });
  assert.ok(assertRefused(limited, 'RB-429').retryAfter > 0);
});

Deno.test('call center: a required opt-in → an agent waits, an admin may skip it', async () => {
  const { clientId, recipients: [one, two] } = await promise({ cards: 2, recipients: 2, requiresOptIn: true });
  const [agent, admin] = [await signUpAs('call_agent', clientId), await signUpAs('client_admin', clientId)];
  assertRefused(await provisionFor(agent, { recipientId: one.id }), 'GC-009');
  assertRefused(await provisionFor(agent, { recipientId: one.id, skipVerification: true }), 'RB-403');
  assertDone(await provisionFor(admin, { recipientId: one.id, skipVerification: true }));
  await sql`update public.campaign_recipients set sms_opted_in_at = now() where id = ${two.id}`;
  assertDone(await provisionFor(agent, { recipientId: two.id }));
});

Deno.test('call center: a recipient without an address → an address is required', async () => {
  const { clientId, recipient } = await promise();
  await sql`update public.campaign_recipients set phone = null, email = null where id = ${recipient.id}`;
  const agent = await signUpAs('call_agent', clientId);
  for (const [deliveryMethod, field] of [['sms', 'phone'], ['email', 'email']]) {
    const { fields } = assertRefused(
      await provisionFor(agent, { recipientId: recipient.id, deliveryMethod }),
      'GC-012',
    );
    assert.equal(fields[0].field, field);
  }
  assertDone(await provisionFor(agent, { recipientId: recipient.id, phone: uniquePhone() }));
});

Deno.test('call center: a condition met without stock → pending, fulfilled later', async () => {
  const { clientId, campaignId, poolId, recipient } = await promise({ cards: 0 });
  const agent = await signUpAs('call_agent', clientId);
  assertRefused(await provisionFor(agent, { recipientId: recipient.id }), 'GC-003');
  const conditions = () => sql`select * from public.call_conditions_met where campaign_id = ${campaignId}`;
  assert.deepEqual((await conditions()).map(({ gift_card_id }) => gift_card_id), [null]);
  await stock(poolId, 1);
  const [{ gift_card_id: giftCardId }] = await eventually('the job gives it', async () => {
    const met = await conditions();
    return met[0].gift_card_id && met;
  });
  const [card] = await sql`select recipient_id from public.gift_cards where id = ${giftCardId}`;
  assert.equal(card.recipient_id, recipient.id);
  assertRefused(await provisionFor(agent, { confirmationCode: recipient.token }), 'GC-010');
});

Deno.test('call center: ending a call of another agent → refused', async () => {
  const { clientId, recipient } = await promise();
  const [one, two] = [await signUpAs('call_agent', clientId), await signUpAs('call_agent', clientId)];
  const { body } = await call('start-call-session', { callerPhone: recipient.phone }, { token: one.token });
  const request = { callSessionId: body.callSessionId, recipientId: recipient.id };
  assertRefused(await provisionFor(two, request), 'RB-404');
  assertDone(await provisionFor(one, request));
});
