import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { redeem } from '../support/gift_cards.ts';
import { type Answer } from '../support/http.ts';
import { awayFromTheEdge } from '../support/limits.ts';
import { promise } from '../support/promise.ts';
import { symbols, uniqueIp } from '../support/unique.ts';
import { addClient } from '../support/shop.ts';
import { redeemVoucher, signUpCustomer, validateVoucher } from '../support/vouchers.ts';

const GUESSES = 64;

/** How often each code was answered. */
function tally(answers: Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { body } of answers) {
    const code = body.error?.code ?? 'ok';
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

Deno.test('redeem-gift-card: 64 wrong codes at once from one address → exactly 20 looked up', async () => {
  await awayFromTheEdge();
  const ip = uniqueIp();
  const answers = await Promise.all(Array.from({ length: GUESSES }, () => redeem(symbols(12), {}, { ip })));
  assert.deepEqual(tally(answers), { 'GC-011': 20, 'RB-429': GUESSES - 20 });
  const requests = answers.map(({ body }) => body.error.requestId);
  const attempts = await sql`
    select outcome, count(*) as attempts from public.redemption_attempts where request_id in ${
    sql(requests)
  } group by 1`;
  assert.deepEqual(
    Object.fromEntries(attempts.map(({ outcome, attempts }) => [outcome, attempts])),
    { refused: 20, limited: GUESSES - 20 },
  );
});

Deno.test('redeem-gift-card: one code 64 times at once from 64 addresses → one card, five times GC-010', async () => {
  await awayFromTheEdge();
  const { recipient } = await promise({ cards: 3 });
  const answers = await Promise.all(Array.from({ length: GUESSES }, () => redeem(recipient.token)));
  assert.deepEqual(tally(answers), { ok: 1, 'GC-010': 5, 'RB-429': GUESSES - 6 });
});

Deno.test('redeem-gift-card: more valid codes than the limit from one address → all redeemed', async () => {
  await awayFromTheEdge();
  const ip = uniqueIp();
  const { recipients } = await promise({ cards: 30, recipients: 30 });
  const answers = await Promise.all(recipients.map(({ token }) => redeem(token, {}, { ip })));
  assert.deepEqual(tally(answers), { ok: 30 });
});

Deno.test('redeem-voucher: 64 wrong codes at once from one account → exactly 10 looked up', async () => {
  await awayFromTheEdge();
  const customer = await signUpCustomer(await addClient());
  const answers = await Promise.all(
    Array.from({ length: GUESSES }, (_, n) => (n % 2 ? redeemVoucher : validateVoucher)(customer, symbols(12))),
  );
  assert.deepEqual(tally(answers), { 'VC-001': 10, 'RB-429': GUESSES - 10 });
});
