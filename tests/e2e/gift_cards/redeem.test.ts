import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { deliveryIs, forgetDebts, redeem, traceOf } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { awayFromTheEdge } from '../../support/limits.ts';
import { clientWith } from '../../support/people.ts';
import { addRecipients, type Card, promise } from '../../support/promise.ts';
import { messagesTo, messageTo } from '../../support/sandbox.ts';
import { stack } from '../../support/stack.ts';
import { symbols, uniqueIp, uniquePhone } from '../../support/unique.ts';

const STEPS = [
  'Validate request',
  'Check campaign configuration',
  'Check eligibility',
  'Claim from stock',
  'Record billing',
  'Queue delivery',
  'Record',
];

Deno.test('redeem-gift-card: a code in any spelling → exactly one card, shown and sent by SMS', async () => {
  const { recipient, cards: [card] } = await promise();
  const disguised = ` ${recipient.token.toLowerCase().replaceAll('-', ' ')} `;
  const visitor = clientWith(stack.publishableKey);
  const { data, error } = await visitor.functions.invoke('redeem-gift-card', {
    body: { redemptionCode: disguised, deliveryMethod: 'sms' },
  });
  assert.equal(error, null);
  assert.equal(data.giftCard.code, card.code);
  assert.equal(data.giftCard.pin, card.pin);
  assert.equal(data.giftCard.denomination, 25);
  assert.equal(data.source, 'inventory');

  await deliveryIs('delivered', data.delivery.id);
  const messages = await messagesTo(recipient.phone);
  assert.equal(messages.length, 1);
  assert.ok(messages[0].body.includes(card.code) && messages[0].body.includes(card.pin), messages[0].body);
  assert.ok(messages[0].body.includes('Hi Ada') && messages[0].body.includes('$25'));
});

Deno.test('redeem-gift-card: a redemption → each step in the trace', async () => {
  const { recipient, clientId, campaignId, cards: [card] } = await promise();
  const { body } = await redeem(recipient.token, { deliveryMethod: 'sms' });
  await deliveryIs('delivered', body.delivery.id);

  const trace = await traceOf(body.requestId);
  assert.deepEqual(trace.map((step) => step.step_name), STEPS);
  assert.deepEqual(trace.map((step) => step.step_number), STEPS.map((_, index) => index + 1));
  assert.ok(trace.every((step) => step.status === 'completed' && step.campaign_id === campaignId));

  const [attempt, ...others] = await sql`select * from public.redemption_attempts where request_id = ${body.requestId}`;
  assert.equal(others.length, 0);
  assert.deepEqual([attempt.outcome, attempt.client_id, attempt.code], ['succeeded', clientId, null]);

  const audit = await sql`select * from public.audit_events where request_id = ${body.requestId}`;
  assert.deepEqual(audit.map(({ action, subject_id }) => [action, subject_id]), [[
    'gift_card.provisioned',
    body.giftCard.id,
  ]]);

  const [{ sid }] = await messagesTo(recipient.phone);
  const [log] = await sql`select * from public.sms_delivery_log where gift_card_id = ${body.giftCard.id}`;
  assert.deepEqual(
    [log.phone_number, log.message_sid, log.status, log.attempt_number, log.error_message],
    [recipient.phone, sid, 'delivered', 1, null],
  );
  await assertSealed(body.giftCard.id, card);
});

async function assertSealed(giftCardId: string, card: Card) {
  const [stored] = await sql`
    select c.*, s.code_sealed, s.pin_sealed, s.seal_key_id, b.cost_basis, b.price, b.margin, b.billed_entity_type
    from public.gift_cards c
    join private.card_secrets s on s.gift_card_id = c.id
    join public.billing_transactions b on b.gift_card_id = c.id
    where c.id = ${giftCardId}`;
  assert.equal(stored.status, 'delivered');
  assert.equal(stored.delivery_method, 'sms');
  assert.ok(stored.claimed_at && stored.delivered_at && stored.exposed_at);
  assert.equal(stored.code_last4, card.code.slice(-4));
  // nonce, ciphertext and tag: as long as the text and 28 bytes, and not the text
  assert.equal(stored.code_sealed.length, card.code.length + 28);
  assert.equal(stored.pin_sealed.length, card.pin.length + 28);
  assert.ok(!stored.code_sealed.includes(card.code));
  assert.deepEqual(
    [stored.cost_basis, stored.price, stored.margin, stored.billed_entity_type],
    [23.5, 25, 1.5, 'client'],
  );
}

Deno.test('redeem-gift-card: by e-mail, in any case of the address → sent', async () => {
  const { recipient, cards: [card] } = await promise();
  const { body } = await redeem(recipient.token, { deliveryMethod: 'email', email: recipient.email.toUpperCase() });
  await deliveryIs('delivered', body.delivery.id);
  const message = await messageTo(recipient.email);
  assert.match(message.subject!, /^Your \$25 Brand .* gift card$/);
  for (const text of [message.body, message.html!]) {
    assert.ok(text.includes(card.code) && text.includes(card.pin), text);
  }
  const [log] = await sql`select * from public.email_delivery_log where gift_card_id = ${body.giftCard.id}`;
  assert.deepEqual([log.email_address, log.status, log.message_id], [recipient.email, 'delivered', message.sid]);
});

Deno.test('redeem-gift-card: the phone of the form → gets the card', async () => {
  const { recipient } = await promise();
  const phone = uniquePhone();
  const typed = `(${phone.slice(2, 5)}) ${phone.slice(5, 8)}-${phone.slice(8)}`;
  const { body } = await redeem(recipient.token, { deliveryMethod: 'sms', phone: typed });
  await deliveryIs('delivered', body.delivery.id);
  assert.equal((await messagesTo(phone)).length, 1);
  assert.equal((await messagesTo(recipient.phone)).length, 0);
});

Deno.test('redeem-gift-card: a browser on another origin → CORS headers', async () => {
  const origin = { origin: 'https://forms.example' };
  const preflight = await call('redeem-gift-card', undefined, {
    method: 'OPTIONS',
    key: null,
    headers: {
      ...origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'apikey, authorization, content-type, idempotency-key, x-client-info',
    },
  });
  assert.ok([200, 204].includes(preflight.status), preflight.text);
  assert.ok(['*', origin.origin].includes(preflight.headers.get('access-control-allow-origin')!));
  const allowed = preflight.headers.get('access-control-allow-headers')!.toLowerCase();
  for (const name of ['apikey', 'authorization', 'content-type', 'idempotency-key']) {
    assert.ok(allowed.includes(name), name);
  }

  const refusal = await redeem('NOSUCHCODE', {}, { headers: origin });
  assertRefused(refusal, 'GC-011');
  assert.ok(refusal.headers.get('access-control-allow-origin'));
  assert.match(refusal.headers.get('access-control-expose-headers')!, /x-request-id/);
});

Deno.test('redeem-gift-card: unknown codes and codes of another campaign → the same answer, byte for byte', async () => {
  const [mine, foreign] = [await promise(), await promise()];
  const answers = [
    await redeem(symbols(12), { campaignId: mine.campaignId }),
    await redeem(foreign.recipient.token, { campaignId: mine.campaignId }),
    await redeem(`' or 1=1 --`, { campaignId: mine.campaignId }),
    await redeem(symbols(12)),
  ];
  const bodies = answers.map((answer) => {
    const { requestId } = assertRefused(answer, 'GC-011');
    return answer.text.replace(requestId, '');
  });
  assert.deepEqual(new Set(bodies).size, 1, bodies.join('\n'));
  assertDone(await redeem(foreign.recipient.token));
});

Deno.test('redeem-gift-card: a used code → GC-010, no second card', async () => {
  const { recipient, poolId } = await promise({ cards: 2 });
  assertDone(await redeem(recipient.token));
  const again = await redeem(recipient.token);
  assertRefused(again, 'GC-010');
  const [{ available }] =
    await sql`select available_cards as available from public.gift_card_pools where id = ${poolId}`;
  assert.equal(available, 1);
  const trace = await traceOf(again.body.error.requestId);
  assert.deepEqual(
    trace.map(({ step_name, status, error_code }) => [step_name, status, error_code]).at(-1),
    ['Check eligibility', 'failed', 'GC-010'],
  );
});

Deno.test('redeem-gift-card: the same Idempotency-Key → the same card, one message', async () => {
  const { recipient } = await promise({ cards: 2 });
  const options = { idempotencyKey: crypto.randomUUID() };
  const first = await redeem(recipient.token, { deliveryMethod: 'sms' }, options);
  assertDone(first);
  await deliveryIs('delivered', first.body.delivery.id);
  const second = await redeem(recipient.token, { deliveryMethod: 'sms' }, options);
  assertDone(second);
  const { requestId: _first, ...card } = first.body;
  const { requestId: _second, ...sameCard } = second.body;
  assert.deepEqual(sameCard, card);
  assert.equal((await messagesTo(recipient.phone)).length, 1);
});

Deno.test('redeem-gift-card: the same Idempotency-Key with another body → RB-409', async () => {
  const { recipients: [one, two] } = await promise({ cards: 2, recipients: 2 });
  const options = { idempotencyKey: crypto.randomUUID() };
  assertDone(await redeem(one.token, {}, options));
  assertRefused(await redeem(one.token, { deliveryMethod: 'sms' }, options), 'RB-409');
  // Another code is another caller's: that its key is in use elsewhere is none of their business.
  assertDone(await redeem(two.token, {}, options));
});

Deno.test('redeem-gift-card: a refused request → its Idempotency-Key stays free', async () => {
  const { campaignId, poolId } = await promise();
  const [recipient] = await addRecipients(campaignId);
  await sql`update public.card_pools set is_active = false where id = ${poolId}`;
  const options = { idempotencyKey: crypto.randomUUID() };
  assertRefused(await redeem(recipient.token, {}, options), 'GC-003');
  await forgetDebts(campaignId);
  await sql`update public.card_pools set is_active = true where id = ${poolId}`;
  assertDone(await redeem(recipient.token, {}, options));
});

Deno.test('redeem-gift-card: 20 wrong guesses from an address → RB-429, also for a right code', async () => {
  await awayFromTheEdge();
  const { recipient, clientId } = await promise();
  const ip = uniqueIp();
  for (let guess = 0; guess < 20; guess++) assertRefused(await redeem(symbols(12), {}, { ip }), 'GC-011');
  const limited = await redeem(recipient.token, {}, { ip });
  const { retryAfter } = assertRefused(limited, 'RB-429');
  assert.ok(retryAfter > 0 && retryAfter <= 600, String(retryAfter));
  assert.equal(limited.headers.get('retry-after'), String(retryAfter));
  assertDone(await redeem(recipient.token));

  const attempts =
    await sql`select outcome, code from public.redemption_attempts where client_id = ${clientId} order by id`;
  assert.deepEqual(attempts.map(({ outcome, code }) => [outcome, code]), [['limited', 'RB-429'], ['succeeded', null]]);
});

Deno.test('redeem-gift-card: a used code more than five times from any address → RB-429', async () => {
  await awayFromTheEdge();
  const { recipient } = await promise();
  assertDone(await redeem(recipient.token));
  for (let tries = 0; tries < 5; tries++) assertRefused(await redeem(recipient.token), 'GC-010');
  assertRefused(await redeem(recipient.token), 'RB-429');
});

Deno.test('redeem-gift-card: every attempt → recorded with fingerprints, not the typed code', async () => {
  const ip = uniqueIp();
  const code = symbols(12);
  const answers = [await redeem(code, {}, { ip }), await redeem(code, {}, { ip })];
  const requests = answers.map(({ body }) => body.error.requestId);
  const attempts = await sql`select * from public.redemption_attempts where request_id in ${sql(requests)}`;
  assert.equal(attempts.length, 2);
  assert.deepEqual(
    new Set(attempts.map(({ surface, outcome, code }) => `${surface} ${outcome} ${code}`)),
    new Set(['redeem-gift-card refused GC-011']),
  );
  assert.equal(new Set(attempts.map(({ subject, code_fingerprint }) => subject + code_fingerprint)).size, 1);
  const text = JSON.stringify(attempts);
  assert.ok(!text.includes(code) && !text.includes(ip));
});

Deno.test('redeem-gift-card: a campaign without a self-service condition → refused', async () => {
  const { recipient, campaignId } = await promise();
  await sql`update public.campaign_conditions set is_self_service = false where campaign_id = ${campaignId}`;
  for (const body of [{ campaignId }, { campaignId, conditionNumber: 1 }]) {
    assertRefused(await redeem(recipient.token, body), 'GC-001');
    assertRefused(await redeem(symbols(12), body), 'GC-001');
  }
  // If only the code names the campaign, the answer does not reveal that the code is real.
  assertRefused(await redeem(recipient.token), 'GC-011');
  assertRefused(await redeem(recipient.token, { conditionNumber: 1 }), 'GC-011');
});
