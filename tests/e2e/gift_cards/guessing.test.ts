import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { redeem } from '../../support/gift_cards.ts';
import { awayFromTheEdge } from '../../support/limits.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { symbols, uniqueIp } from '../../support/unique.ts';

const BUDGET = 1000;

/** Spends a campaign's failure budget but for a few guesses, as guesses from as many addresses have. */
async function spendBudget(campaignId: string, left: number): Promise<void> {
  await sql`
    insert into private.attempt_buckets (surface, kind, key, window_starts_at, taken)
    values ('redeem-gift-card', 'scope', ${campaignId}, private.window_start(600), ${BUDGET - left})
    on conflict on constraint attempt_buckets_are_unique do update set taken = excluded.taken`;
}

Deno.test('redeem-gift-card: guesses from many addresses → RB-429, one alert that survives, and right codes go on', async () => {
  await awayFromTheEdge();
  const { campaignId, clientId, recipients } = await promise({ cards: 4, recipients: 4 });
  await spendBudget(campaignId, 3);
  const guess = (ip = uniqueIp()) => redeem(symbols(12), { campaignId }, { ip });

  // one after another: a budget does not see the failures that others have not committed yet
  const answers = [];
  for (let n = 0; n < 20; n++) answers.push(await guess());
  const limited = answers.filter(({ status }) => status === 429);
  assert.ok(limited.length >= 16, `${limited.length} of 20 guesses get RB-429`);
  for (const answer of limited) {
    assertRefused(answer, 'RB-429');
    assert.ok(Number(answer.headers.get('retry-after')) <= 60);
  }

  const admin = await signUpAs('client_admin', clientId);
  const { data: alerts } = await admin.client.from('system_alerts').select('subject, severity, metadata')
    .eq('alert_type', 'redemption_burst');
  assert.deepEqual(alerts!.map(({ subject, severity }) => [subject, severity]), [[
    `redeem-gift-card:${campaignId}`,
    'critical',
  ]]);
  assert.ok(alerts![0].metadata.failures > BUDGET);

  const office = uniqueIp();
  assertDone(await redeem(recipients[0].token, { campaignId }, { ip: office }));
  assertDone(await redeem(recipients[1].token, { campaignId }, { ip: office }));

  // Three failures of an address are enough now.
  const attacker = uniqueIp();
  for (let n = 0; n < 3; n++) assertRefused(await guess(attacker), 'RB-429');
  assertRefused(await redeem(recipients[2].token, { campaignId }, { ip: attacker }), 'RB-429');
  assertDone(await redeem(recipients[2].token, { campaignId }));
});

Deno.test('redeem-gift-card: ports, brackets and networks of one IPv6 site → one address', async () => {
  await awayFromTheEdge();
  const host = uniqueIp();
  for (let n = 0; n < 20; n++) assertRefused(await redeem(symbols(12), {}, { ip: `${host}:${4000 + n}` }), 'GC-011');
  assertRefused(await redeem(symbols(12), {}, { ip: host }), 'RB-429');
  assertRefused(await redeem(symbols(12), {}, { ip: `[::ffff:${host}]:443` }), 'RB-429');

  const site = `2001:db8:${crypto.randomUUID().slice(0, 4)}`;
  const networks = Array.from({ length: 220 }, (_, n) => `[${site}:${n.toString(16)}::1]:443`);
  const answers: number[] = [];
  while (networks.length > 0) {
    const some = networks.splice(0, 20);
    const told = await Promise.all(some.map((ip) => redeem(symbols(12), {}, { ip })));
    answers.push(...told.map(({ status }) => status));
  }
  assert.equal(answers.filter((status) => status === 404).length, 200);
  assert.equal(answers.filter((status) => status === 429).length, 20);
});
