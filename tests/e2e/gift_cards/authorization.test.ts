import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { provision } from '../../support/gift_cards.ts';
import { type Call, call } from '../../support/http.ts';
import { signUp, signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { stack } from '../../support/stack.ts';
import type { Code } from '../../../supabase/functions/_shared/http/errors.ts';

const USER_OR_SERVER = [
  'upload-gift-cards',
  'provision-gift-card-unified',
  'send-gift-card-sms',
  'send-gift-card-email',
];
const FORM = ['redeem-gift-card', 'confirm-redemption'];
const USER = ['provision-gift-card-for-call-center', 'start-call-session'];

Deno.test('authorization: no key, the publishable or a foreign one → web forms only', async () => {
  for (const name of [...USER_OR_SERVER, ...USER, 'jobs', ...FORM]) {
    assertRefused(await call(name, {}, { key: null }), 'RB-401');
    assertRefused(await call(name, {}, { key: 'sb_secret_of_somebody_else' }), 'RB-401');
    assertRefused(await call(name, {}, { key: stack.publishableKey }), FORM.includes(name) ? 'GC-012' : 'RB-401');
  }
});

Deno.test('authorization: each secret key → its own functions only', async () => {
  for (const name of USER_OR_SERVER) assertRefused(await call(name, {}), 'GC-012');
  for (const name of [...USER, 'jobs', ...FORM]) assertRefused(await call(name, {}), 'RB-401');
  assertRefused(await call('jobs', {}, { key: stack.jobsKey }), 'RB-400');
  assertRefused(await call('provision-gift-card-unified', {}, { key: stack.jobsKey }), 'RB-401');
});

Deno.test('authorization: a bad token beside a good key → RB-401', async () => {
  const promised = await promise();
  const { token } = await signUpAs('client_admin', promised.clientId);
  const [header, payload, signature] = token.split('.');
  const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
  const rewritten = btoa(JSON.stringify({ ...claims, role: 'service_role' })).replaceAll('=', '');
  const unsigned = btoa(JSON.stringify({ alg: 'none', typ: 'JWT' })).replaceAll('=', '');
  const bad = [
    'garbage',
    `${header}.${payload}.${signature.split('').reverse().join('')}`,
    `${header}.${rewritten}.${signature}`,
    `${unsigned}.${payload}.`,
    `${token}x`,
  ];
  for (const token of bad) {
    assertRefused(await provision(promised, {}, { token, key: stack.secretKey }), 'RB-401');
    assertRefused(await call('start-call-session', { callerPhone: promised.recipient.phone }, { token }), 'RB-401');
  }
  assertDone(await provision(promised, {}, { token }));
});

// Who asks for the card of a client's recipient, and what comes of it.
const ROLES: [string, (mine: string, foreign: string) => Promise<{ token: string }>, Code | null][] = [
  ['a platform admin', () => signUpAs('platform_admin'), null],
  ['an admin of its agency', (mine) => signUpAs('agency_admin', mine), null],
  ['an admin of the client', (mine) => signUpAs('client_admin', mine), null],
  ['a call agent of the client', (mine) => signUpAs('call_agent', mine), 'RB-403'],
  ['a dealer of the client', (mine) => signUpAs('dealer', mine), 'RB-404'],
  ['a customer of the client', (mine) => signUpAs('customer', mine), 'RB-404'],
  ['an admin of another client', (_, foreign) => signUpAs('client_admin', foreign), 'RB-404'],
  ['an admin of another agency', (_, foreign) => signUpAs('agency_admin', foreign), 'RB-404'],
  ['a user without any role', () => signUp(), 'RB-404'],
];

for (const [who, signIn, code] of ROLES) {
  Deno.test(`authorization: ${who} → ${code ?? 'may provision'}`, async () => {
    const [promised, foreign] = [await promise(), await promise({ cards: 0 })];
    const { token } = await signIn(promised.clientId, foreign.clientId);
    const answer = await provision(promised, {}, { token });
    if (code === null) return assertDone(answer);
    assertRefused(answer, code);
    const unknown = await provision(
      { ...promised, recipient: { ...promised.recipient, id: crypto.randomUUID() } },
      {},
      { token },
    );
    assertRefused(unknown, 'RB-404');
    if (code === 'RB-404') assert.equal(unknown.body.error.message, answer.body.error.message);
    assertDone(await provision(promised));
  });
}

Deno.test('authorization: a suspended membership → refused at once', async () => {
  const promised = await promise();
  const { id, token } = await signUpAs('client_admin', promised.clientId);
  await sql`update public.memberships set suspended_at = now() where user_id = ${id}`;
  assertRefused(await provision(promised, {}, { token }), 'RB-404');
});

Deno.test('authorization: a recipient of another campaign → not found', async () => {
  const [one, two] = [await promise(), await promise({ cards: 0 })];
  assertRefused(await provision({ campaignId: two.campaignId, recipient: one.recipient }), 'RB-404');
  assertRefused(await provision({ campaignId: crypto.randomUUID(), recipient: one.recipient }), 'RB-404');
});

Deno.test('authorization: an agent resends a card of another client → refused', async () => {
  const [mine, foreign] = [await promise(), await promise()];
  const { token } = await signUpAs('call_agent', mine.clientId);
  const given = await Promise.all(
    [mine, foreign].map(async (promised) => (await provision(promised)).body.giftCard.id),
  );
  const resend = (giftCardId: string, options: Call = { token }) => call('send-gift-card-sms', { giftCardId }, options);
  assertDone(await resend(given[0]));
  assertRefused(await resend(given[1]), 'RB-404');
  assertRefused(await resend(crypto.randomUUID()), 'RB-404');
  assertDone(await resend(given[1], {}));
});
