import assert from 'node:assert/strict';
import { answerOf } from '../support/answers.ts';
import { type Database, sql } from '../support/database.ts';
import { countersOf } from '../support/gift_cards.ts';
import { promise, type Promised } from '../support/promise.ts';
import { creditOf, giveCredit, masterPool } from '../support/sales.ts';
import { atOnce, type Session, untilBlocked, withSessions } from '../support/sessions.ts';

const CLIENTS = 64;

function sell(
  db: Database | Session,
  masterPoolId: string,
  buyer: string,
  quantity: number,
  pool: string | null = null,
) {
  return answerOf(db`
    select public.sell_gift_cards(${masterPoolId}, ${buyer}, ${pool}, ${quantity}, 24.50,
      row(gen_random_uuid(), null, null, null, null)) as answer`);
}

function giveBack(db: Database, saleId: string, quantity: number) {
  return answerOf(db`
    select public.return_gift_cards(${saleId}, ${quantity}, row(gen_random_uuid(), null, null, null, null)) as answer`);
}

async function claim(db: Database | Session, { campaignId }: Promised, recipientId: string) {
  const [{ answer }] = await db`
    select public.provision_gift_card(${campaignId}, ${recipientId}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
  return answer;
}

/** A client without stock of its own that may draw on a master pool of so many cards, and its recipients. */
async function clientOfMaster(cards: number, recipients: number) {
  const promised = await promise({ cards: 0, recipients });
  await sql`insert into public.client_brands (client_id, brand_id) values (${promised.clientId}, ${promised.brandId})`;
  return { promised, masterPoolId: await masterPool(promised.brandId, cards) };
}

/** What must hold of a brand's cards and of the clients who have them, wherever the cards went; others are others' concern. */
async function assertNothingViolated({ brandId }: Promised) {
  const violations = await sql`
    with pools as (select id, client_id from public.card_pools where brand_id = ${brandId})
    select v.* from private.invariant_violations v
    where v."row" in (
      select id::text from pools
      union all select c.id::text from public.gift_cards c join pools p on p.id = c.pool_id
      union all select g.id::text from public.gift_card_grants g join pools p using (client_id)
      union all select b.id::text from public.billing_transactions b join pools p using (client_id)
      union all select s.id::text from public.admin_card_sales s join pools p on p.client_id = s.buyer_client_id
      union all select t.id::text from public.ledger_transfers t join pools p using (client_id)
      union all select a.id::text from public.ledger_accounts a join pools p using (client_id))`;
  assert.deepEqual([...violations], []);
}

Deno.test('sell_gift_cards: sales, returns and claims of one pool → no card lost, none twice', async () => {
  const { promised, masterPoolId } = await clientOfMaster(150, 40);
  const { clientId: buyer } = await promise({ cards: 0 });
  const [{ pool }] = await sql`
    insert into public.card_pools (client_id, brand_id, pool_name, denomination, cost_per_card)
    values (${buyer}, ${promised.brandId}, 'Bought', 25, 23) returning id as pool`;
  const outcomes = await atOnce(CLIENTS, async (db, n) => {
    if (n < 40) return { claimed: Number((await claim(db, promised, promised.recipients[n].id)).outcome === 'ok') };
    // half of the sales fill one pool of the buyer, the others open their own; a third gives some back
    const sale = await sell(db, masterPoolId, buyer, 5, n % 2 ? pool : null);
    if (sale.outcome !== 'ok') return { refused: sale.code };
    if (n % 3) return { sold: 5 };
    const back = await giveBack(db, sale.result.saleId, 2);
    assert.equal(back.outcome, 'ok', JSON.stringify(back));
    return { sold: 3 };
  });
  const sum = (what: 'claimed' | 'sold') => outcomes.reduce((total, outcome) => total + (outcome[what] ?? 0), 0);
  // every refusal was for lack of cards: 40 claims and 24 sales of 5 want 160 of 150
  assert.deepEqual(outcomes.filter((o) => 'refused' in o && o.refused !== 'GC-003'), []);
  const master = await countersOf(masterPoolId);
  assert.equal(sum('claimed') + sum('sold') + Number(master.available), 150);
  assert.deepEqual(master, {
    total: 150 - sum('sold'),
    available: 150 - sum('sold') - sum('claimed'),
    claimed: 0,
    delivered: sum('claimed'),
  });
  const [{ bought, pools }] = await sql`
    select coalesce(sum(available_cards), 0) as bought, count(*) as pools
    from public.gift_card_pools where client_id = ${buyer}`;
  assert.equal(bought, sum('sold'));
  assert.ok(pools > 1);
  await assertNothingViolated(promised);
});

Deno.test('sell_gift_cards: 16 sales of 5 from 42 cards → 8 sales, 2 cards left', async () => {
  const { promised, masterPoolId } = await clientOfMaster(42, 1);
  const answers = await atOnce(16, (db) => sell(db, masterPoolId, promised.clientId, 5, promised.poolId));
  assert.equal(answers.filter(({ outcome }) => outcome === 'ok').length, 8);
  assert.deepEqual(new Set(answers.flatMap(({ code }) => code ?? [])), new Set(['GC-003']));
  assert.deepEqual(await countersOf(masterPoolId), { total: 2, available: 2, claimed: 0, delivered: 0 });
  assert.deepEqual(await countersOf(promised.poolId), { total: 40, available: 40, claimed: 0, delivered: 0 });
  await assertNothingViolated(promised);
});

for (const [end, expected] of [['rollback', 'ok'], ['commit', 'GC-003']] as const) {
  Deno.test(`sell_gift_cards: a sale of all cards during a claim, after its ${end} → ${expected}`, async () => {
    const { promised, masterPoolId } = await clientOfMaster(6, 1);
    await withSessions(2, async ([one, two]) => {
      await one`begin`;
      assert.equal((await claim(one, promised, promised.recipient.id)).outcome, 'ok');
      const [selling] = await untilBlocked(two, () => sell(two, masterPoolId, promised.clientId, 6, promised.poolId));
      await one.unsafe(end);
      const answer = await selling;
      assert.equal(answer.code ?? answer.outcome, expected);
      assert.equal((await countersOf(masterPoolId)).available, expected === 'ok' ? 0 : 5);
    });
    await assertNothingViolated(promised);
  });
}

Deno.test('provision_gift_card: waits for a card that is then sold → another card, or none', async () => {
  const { promised, masterPoolId } = await clientOfMaster(3, 2);
  const buyer = await promise({ cards: 0 });
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    assert.equal((await sell(one, masterPoolId, buyer.clientId, 3)).outcome, 'ok');
    const [claiming] = await untilBlocked(two, () => claim(two, promised, promised.recipient.id));
    await one`commit`;
    assert.equal((await claiming).code, 'GC-003');
  });
  await assertNothingViolated(promised);
});

Deno.test('credit: 64 claims with credit for ten cards → ten cards, 54 times GC-006, nothing left', async () => {
  const promised = await promise({ cards: 0, recipients: CLIENTS });
  await giveCredit(promised.clientId, 250);
  const masterPoolId = await masterPool(promised.brandId, CLIENTS);
  await sql`insert into public.client_brands (client_id, brand_id) values (${promised.clientId}, ${promised.brandId})`;
  const answers = await atOnce(CLIENTS, (db, n) => claim(db, promised, promised.recipients[n].id));
  assert.equal(answers.filter(({ outcome }) => outcome === 'ok').length, 10);
  assert.equal(answers.filter(({ code }) => code === 'GC-006').length, 54);
  assert.equal(await creditOf(promised.clientId), 0);
  assert.deepEqual(await countersOf(masterPoolId), { total: 64, available: 54, claimed: 0, delivered: 10 });
  const [{ billed, bills }] = await sql`
    select sum(price) as billed, count(*) as bills from public.billing_transactions where client_id = ${promised.clientId}`;
  assert.deepEqual([billed, bills], [250, 10]);
  await assertNothingViolated(promised);
});
