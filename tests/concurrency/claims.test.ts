import assert from 'node:assert/strict';
import { connect, sql } from '../support/database.ts';
import { assertRefused } from '../support/expect.ts';
import { countersOf, provision } from '../support/gift_cards.ts';
import { promise, type Promised, type Recipient } from '../support/promise.ts';

const CLIENTS = 64;
const CARDS = 50;

/** What a request came to: the id of a card, or the code of a refusal. */
type Outcome = { card: string } | { refusal: string };

/** Asks for a card for each of the recipients, all at the same time. */
type Storm = (promised: Promised, recipients: Recipient[]) => Promise<Outcome[]>;

const overHttp: Storm = (promised, recipients) =>
  timed('claims over HTTP', recipients, async (recipient) => {
    const answer = await provision({ ...promised, recipient });
    if (answer.status === 200) return { card: answer.body.giftCard.id };
    return { refusal: assertRefused(answer, answer.body.error.code).code };
  });

const overConnections: Storm = async ({ campaignId }, recipients) => {
  const pool = connect(undefined, CLIENTS);
  const connections = await Promise.all(recipients.map(() => pool.reserve()));
  const outcomes = await timed('claims on connections', recipients, async (recipient, index) => {
    const [{ answer }] = await connections[index]`
      select public.provision_gift_card(${campaignId}, ${recipient.id}, null, null, 1, null, null,
        row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
    return answer.outcome === 'ok' ? { card: answer.result.giftCard.id } : { refusal: answer.code };
  });
  connections.forEach((connection) => connection.release());
  await pool.end();
  return outcomes;
};

/** Does all at once, and prints how long it took. */
async function timed(
  what: string,
  recipients: Recipient[],
  claim: (recipient: Recipient, index: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  const startedAt = performance.now();
  const outcomes = await Promise.all(recipients.map(claim));
  console.log(`${recipients.length} ${what}: ${Math.round(performance.now() - startedAt)} ms`);
  return outcomes;
}

function tally(outcomes: Outcome[]) {
  const cards = outcomes.flatMap((outcome) => 'card' in outcome ? [outcome.card] : []);
  const refusals = outcomes.flatMap((outcome) => 'refusal' in outcome ? [outcome.refusal] : []);
  return { cards, distinct: new Set(cards).size, refusals, kinds: [...new Set(refusals)] };
}

/** What the tables of a tenant must agree on after a storm. */
async function assertConserved({ poolId, campaignId }: Promised, given: number, stocked: number) {
  assert.deepEqual(await countersOf(poolId), {
    total: stocked,
    available: stocked - given,
    claimed: 0,
    delivered: given,
  });
  const [counted] = await sql`
    select count(*) as cards, count(distinct c.recipient_id) as recipients, count(distinct c.grant_id) as grants,
      (select count(*) from public.billing_transactions b where b.campaign_id = ${campaignId}) as bills,
      (select count(*) from public.gift_card_grants g where g.campaign_id = ${campaignId}) as promises
    from public.gift_cards c where c.pool_id = ${poolId} and c.status <> 'available'`;
  assert.deepEqual({ ...counted }, { cards: given, recipients: given, grants: given, bills: given, promises: given });
  const violations = await sql`
    select v.* from private.invariant_violations v
    where v."row" = ${poolId} or v."row" in (select c.id::text from public.gift_cards c where c.pool_id = ${poolId})`;
  assert.deepEqual([...violations], []);
}

for (const [how, storm] of Object.entries({ 'over HTTP': overHttp, 'on 64 connections': overConnections })) {
  Deno.test(`claims ${how}: 64 requests for 50 cards → 50 cards, none twice`, async () => {
    const promised = await promise({ cards: CARDS, recipients: CLIENTS });
    const outcomes = await storm(promised, promised.recipients);
    const { cards, distinct, refusals, kinds } = tally(outcomes);
    assert.deepEqual([cards.length, distinct, refusals.length], [CARDS, CARDS, CLIENTS - CARDS]);
    assert.deepEqual(kinds, ['GC-003']);
    await assertConserved(promised, CARDS, CARDS);
    const [{ pending, owed }] = await sql`
      select count(*) as pending, count(distinct recipient_id) as owed from public.pending_rewards
      where campaign_id = ${promised.campaignId} and status = 'awaiting_inventory'`;
    assert.deepEqual([pending, owed], [CLIENTS - CARDS, CLIENTS - CARDS]);
    const alerts = await sql`
      select id from public.system_alerts
      where client_id = ${promised.clientId} and alert_type = 'no_gift_card_inventory'`;
    assert.equal(alerts.length, 1);
  });

  Deno.test(`claims ${how}: 64 requests for one recipient → one card and 63 times GC-010`, async () => {
    const promised = await promise({ cards: CARDS });
    const sameRecipient = Array.from({ length: CLIENTS }, () => promised.recipient);
    const outcomes = await storm(promised, sameRecipient);
    const { cards, refusals, kinds } = tally(outcomes);
    assert.deepEqual([cards.length, refusals.length, kinds], [1, CLIENTS - 1, ['GC-010']]);
    await assertConserved(promised, 1, CARDS);
  });
}

Deno.test('claims over HTTP: 64 requests with one Idempotency-Key → one answer 64 times', async () => {
  const promised = await promise({ cards: CARDS });
  const options = { idempotencyKey: crypto.randomUUID() };
  const answers = await Promise.all(Array.from({ length: CLIENTS }, () => provision(promised, {}, options)));
  const bodies = new Set(
    answers.map(({ status, body: { requestId: _own, ...body } }) => JSON.stringify([status, body])),
  );
  assert.equal(bodies.size, 1, [...bodies].slice(0, 3).join('\n'));
  assert.equal(answers[0].status, 200);
  await assertConserved(promised, 1, CARDS);
});

Deno.test('claims: a naive read-then-update → duplicates, where the entry point has none', async () => {
  const schema = `naive_${crypto.randomUUID().slice(0, 8)}`;
  await sql.unsafe(`
    create schema ${schema};
    create table ${schema}.cards (id int primary key, status text not null default 'available');
    insert into ${schema}.cards (id) select generate_series(1, ${CARDS * 4});`).simple();
  const pool = connect(undefined, 16);
  try {
    // All are connected before the first begins, and all have read before the first writes.
    const connections = await Promise.all(Array.from({ length: 16 }, () => pool.reserve()));
    const first = `select id from ${schema}.cards where status = 'available' order by id limit 1`;
    const reads = await Promise.all(connections.map((connection) => connection.unsafe(first)));
    const given = (await Promise.all(connections.map(async (connection, index) => {
      const mine: number[] = [];
      for (let claim = 0; claim < 12; claim++) {
        const [card] = claim === 0 ? reads[index] : await connection.unsafe(first);
        if (!card) break;
        await connection.unsafe(
          `update ${schema}.cards set status = 'claimed' where id = ${card.id}`,
        );
        mine.push(card.id);
      }
      connection.release();
      return mine;
    }))).flat();
    console.log(`naive claims: ${given.length} handed out, ${new Set(given).size} different`);
    assert.ok(new Set(given).size < given.length, 'the storm is too weak to show a race');
  } finally {
    await pool.end();
    await sql.unsafe(`drop schema ${schema} cascade`);
  }
});
