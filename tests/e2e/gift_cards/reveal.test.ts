import assert from 'node:assert/strict';
import { demandLinks, newDevice, open, tokensIn } from '../../support/claim_links.ts';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { deliveryIs, provisionBySms } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { awayFromTheEdge } from '../../support/limits.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { messagesTo, messageTo, order } from '../../support/sandbox.ts';
import { symbols, uniqueIp } from '../../support/unique.ts';

/** A tenant whose recipient has got a link instead of a code. */
async function linked(wishes = {}) {
  const promised = await promise(wishes);
  await demandLinks(promised.campaignId);
  const { giftCardId, deliveryId } = await provisionBySms(promised);
  const message = await messageTo(promised.recipient.phone);
  return { ...promised, giftCardId, deliveryId, message, token: tokensIn(message)[0] };
}

Deno.test('reveal-gift-card: the link of a message → its card, on one device', async () => {
  const { message, token, cards: [card], giftCardId } = await linked();
  assert.ok(!message.body.includes(card.code) && !message.body.includes(card.pin), message.body);
  const device = newDevice();

  const shown = await open(token, device);
  assertDone(shown);
  assert.equal(shown.headers.get('cache-control'), 'no-store');
  assert.equal(shown.headers.get('access-control-allow-origin'), '*');
  const { id, code, pin, denomination, redemptionUrl } = shown.body.giftCard;
  assert.deepEqual([id, code, pin, denomination], [giftCardId, card.code, card.pin, 25]);
  assert.equal(redemptionUrl, 'https://brand.example/redeem');

  assertDone(await open(token, device));
  const { message: elsewhere } = assertRefused(await open(token), 'RB-410');
  const { message: unknown } = assertRefused(
    await open(`${token.slice(0, -1)}${token.endsWith('A') ? 'Q' : 'A'}`),
    'RB-410',
  );
  assert.equal(elsewhere, unknown);
});

Deno.test('reveal-gift-card: after its time, or an expired link → RB-410', async () => {
  const { token, giftCardId } = await linked();
  const device = newDevice();
  assertDone(await open(token, device));
  await sql`update public.claim_links set revealed_at = now() - interval '16 minutes' where gift_card_id = ${giftCardId}`;
  assertRefused(await open(token, device), 'RB-410');
  const other = await linked();
  await sql`update public.claim_links set expires_at = now() where gift_card_id = ${other.giftCardId}`;
  const { solution } = assertRefused(await open(other.token), 'RB-410');
  assert.match(solution, /ask for the card to be sent again/);
});

Deno.test('reveal-gift-card: a resend → another link, the old one is void', async () => {
  const { token, clientId, recipient, giftCardId, cards: [card], deliveryId } = await linked();
  await deliveryIs('delivered', deliveryId);
  const agent = await signUpAs('call_agent', clientId);
  assertDone(await call('send-gift-card-sms', { giftCardId, reason: 'Lost it' }, { token: agent.token }));
  const again = await eventually('another message', async () => {
    const messages = await messagesTo(recipient.phone);
    return messages.length === 2 && messages[1];
  });
  const [newer] = tokensIn(again);
  assert.notEqual(newer, token);
  assertRefused(await open(token), 'RB-410');
  assert.equal((await open(newer)).body.giftCard.code, card.code);
});

Deno.test("reveal-gift-card: a campaign's template → the link beside or instead of the code", async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const [one, two] = promised.recipients;
  await sql`
    update public.campaigns set sms_template = 'Code {{code}} or {{claim_url}}' where id = ${promised.campaignId}`;
  await provisionBySms(promised, one);
  const offered = await messageTo(one.phone);
  assert.ok(promised.cards.some(({ code }) => offered.body.includes(code)));
  assertDone(await open(tokensIn(offered)[0]));

  await demandLinks(promised.campaignId);
  await provisionBySms(promised, two);
  const demanded = await messageTo(two.phone);
  assert.ok(!promised.cards.some(({ code }) => demanded.body.includes(code)), demanded.body);
  assert.equal(new Set(tokensIn(demanded)).size, 1);
});

Deno.test('reveal-gift-card: a message with a link and unknown outcome → looked up, not sent twice', async () => {
  const promised = await promise();
  await demandLinks(promised.campaignId);
  const { phone } = promised.recipient;
  await order({ provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 50, callbacks: [] });
  const { deliveryId } = await provisionBySms(promised);
  await deliveryIs('sent', deliveryId);
  const messages = await messagesTo(phone);
  assert.equal(messages.length, 1);
  assertDone(await open(tokensIn(messages[0])[0]));
});

Deno.test('reveal-gift-card: many devices at once → one sees the card', async () => {
  const { token } = await linked();
  const answers = await Promise.all(Array.from({ length: 16 }, () => open(token)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [200, 410]);
});

Deno.test('reveal-gift-card: many guesses from one address → RB-429', async () => {
  await awayFromTheEdge();
  const ip = uniqueIp();
  const answers = await Promise.all(Array.from({ length: 45 }, () => open(symbols(43), undefined, { ip })));
  const limited = answers.filter(({ body }) => body.error.code === 'RB-429');
  assert.ok(limited.length >= 5, String(limited.length));
  assert.ok(Number(limited[0].headers.get('retry-after')) > 0);
});

Deno.test('reveal-gift-card-to-staff: an agent with a reason → the code, audited', async () => {
  const promised = await promise();
  const { giftCardId } = await provisionBySms(promised);
  const agent = await signUpAs('call_agent', promised.clientId);
  const look = (body: Record<string, unknown>, token = agent.token) =>
    call('reveal-gift-card-to-staff', body, { token });

  const shown = await look({ giftCardId, reason: 'The brand refuses the code' });
  assertDone(shown);
  assert.equal(shown.body.giftCard.code, promised.cards[0].code);
  assert.equal(shown.headers.get('cache-control'), 'no-store');
  const [audit] = await sql`
    select actor_id, reason from public.audit_events
    where subject_id = ${giftCardId} and action = 'gift_card.revealed_to_staff'`;
  assert.deepEqual({ ...audit }, { actor_id: agent.id, reason: 'The brand refuses the code' });

  assertRefused(await look({ giftCardId }), 'GC-012');
  assertRefused(await look({ giftCardId, reason: '  ' }), 'GC-012');
  assertRefused(await call('reveal-gift-card-to-staff', { giftCardId, reason: 'A server' }), 'RB-401');
  const foreign = await signUpAs('client_admin', (await promise({ cards: 0 })).clientId);
  assertRefused(await look({ giftCardId, reason: 'Curious' }, foreign.token), 'RB-404');
  const customer = await signUpAs('customer', promised.clientId);
  assertRefused(await look({ giftCardId, reason: 'Mine?' }, customer.token), 'RB-404');
});

Deno.test('reveal-gift-card-to-staff: 30 requests at once → exactly 20 granted, each audited', async () => {
  await awayFromTheEdge();
  const promised = await promise();
  const { giftCardId } = await provisionBySms(promised);
  const { token } = await signUpAs('call_agent', promised.clientId);
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => call('reveal-gift-card-to-staff', { giftCardId, reason: 'Looking' }, { token })),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 20);
  assert.equal(answers.filter(({ body }) => body.error?.code === 'RB-429').length, 10);
  const [{ rows }] = await sql`
    select count(*) as rows from public.audit_events
    where subject_id = ${giftCardId} and action = 'gift_card.revealed_to_staff'`;
  assert.equal(rows, 20);
});
