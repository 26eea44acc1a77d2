import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { provision } from '../support/gift_cards.ts';
import { promise, type Promised, stock } from '../support/promise.ts';
import { atOnce, type Session, untilBlocked, withSessions } from '../support/sessions.ts';
import { uniquePhone } from '../support/unique.ts';

const OWED = 24;
const CARDS = 15;
const WORKERS = 8;

/** A tenant whose recipients all came too late, one after the other. */
async function owe(): Promise<Promised> {
  const promised = await promise({ recipients: OWED, cards: 0 });
  for (const recipient of promised.recipients) {
    const answer = await provision({ ...promised, recipient });
    assert.equal(answer.body.error.code, 'GC-003');
  }
  return promised;
}

/** Many workers fulfil pending rewards until none is due. */
async function fulfilTogether(): Promise<void> {
  await atOnce(WORKERS, async (db) => {
    for (let isDone = false; !isDone;) {
      const [{ answer }] = await db`select public.fulfil_pending_reward('{}') as answer`;
      isDone = answer.result.isDone;
    }
  });
}

/** The recipients of all cards of the pool, once all are given. */
function allGiven({ poolId }: Promised): Promise<string[]> {
  return eventually('all cards are given', async () => {
    const given = await sql`
      select recipient_id from public.gift_cards where pool_id = ${poolId} and recipient_id is not null`;
    return given.length === CARDS && given.map(({ recipient_id }) => recipient_id);
  });
}

Deno.test('fulfil_pending_reward: many workers, new stock → the longest waiting first, one card each', async () => {
  const promised = await owe();
  await stock(promised.poolId, CARDS);
  await fulfilTogether();
  const served = await allGiven(promised);
  assert.deepEqual(served.sort(), promised.recipients.slice(0, CARDS).map(({ id }) => id).sort());
  const states = await sql`
    select status, count(*) from public.pending_rewards where campaign_id = ${promised.campaignId} group by 1 order by 1`;
  assert.deepEqual(states.map(({ status, count }) => [status, count]), [['awaiting_inventory', OWED - CARDS], [
    'fulfilled',
    CARDS,
  ]]);
});

Deno.test('fulfil_pending_reward: the caller retries meanwhile → one card, not two', async () => {
  const promised = await owe();
  await stock(promised.poolId, CARDS);
  const [answers] = await Promise.all([
    Promise.all(promised.recipients.map((recipient) => provision({ ...promised, recipient }))),
    fulfilTogether(),
  ]);
  assert.equal(new Set(await allGiven(promised)).size, CARDS);
  for (const { status, body } of answers) assert.ok(status === 200 || ['GC-003', 'GC-010'].includes(body.error.code));
  const [{ owed }] = await sql`
    select count(*) as owed from public.pending_rewards
    where campaign_id = ${promised.campaignId} and status like 'awaiting%'`;
  assert.equal(owed, OWED - CARDS);
});

/** Asks for the recipient's card by SMS to an address, in an open transaction. */
async function ask(session: Session, { recipient, campaignId }: Promised, deliverTo: string) {
  const [{ answer }] = await session`
    select public.provision_gift_card(${campaignId}, ${recipient.id}, null, null, 1, 'sms', ${deliverTo},
      row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
  return answer;
}

/** Owes the recipient a card that goes to an address, as the next one to be fulfilled; returns the pending reward's id. */
async function oweTo(promised: Promised, deliverTo: string): Promise<string> {
  const { details } = await sql.begin((db) => ask(db as unknown as Session, promised, deliverTo));
  const { id } = details.pendingReward;
  await sql`update public.pending_rewards set created_at = '2001-01-01' where id = ${id}`;
  return id;
}

/** Begins a transaction in which the stack's own job gives nothing. */
async function keepTheJobAway(session: Session) {
  await session`begin`;
  await session`select pg_advisory_xact_lock(hashtext('public.fulfil_pending_reward'))`;
}

/** Fulfils rewards, other tests' among them, until this one is dealt with. */
async function fulfil(session: Session, rewardId: string) {
  while (true) {
    const [{ answer }] = await session`select public.fulfil_pending_reward('{}') as answer`;
    if (answer.result.isDone || answer.result.rewardId === rewardId) return answer.result;
  }
}

function addressesOf({ recipient }: Promised) {
  return sql`
    select d.deliver_to, r.status from public.deliveries d
    join public.gift_cards c on c.id = d.subject_id and c.recipient_id = ${recipient.id}
    join public.pending_rewards r on r.recipient_id = c.recipient_id
    where d.topic = 'gift_card'`;
}

Deno.test('fulfil_pending_reward: a correction commits while the job waits for its grant → the card goes to the new address', async () => {
  const promised = await promise({ cards: 0 });
  const [wrong, right] = [uniquePhone(), uniquePhone()];
  const rewardId = await oweTo(promised, wrong);
  await withSessions(2, async ([correcting, fulfilling]) => {
    await correcting`begin`;
    const answer = await ask(correcting, promised, right);
    assert.deepEqual([answer.code, answer.details.pendingReward.deliverTo.slice(-4)], ['GC-003', right.slice(-4)]);
    await keepTheJobAway(fulfilling);
    await stock(promised.poolId, 1);
    const [given] = await untilBlocked(fulfilling, () => fulfil(fulfilling, rewardId));
    await correcting`commit`;
    assert.ok((await given).giftCardId);
    await fulfilling`commit`;
  });
  const addresses = await addressesOf(promised);
  assert.deepEqual(addresses.map((row) => ({ ...row })), [{ deliver_to: right, status: 'fulfilled' }]);
});

Deno.test('provision_gift_card: a correction waits while the job gives the card → GC-010, and nothing is pending', async () => {
  const promised = await promise({ cards: 0 });
  const [wrong, right] = [uniquePhone(), uniquePhone()];
  const rewardId = await oweTo(promised, wrong);
  await withSessions(2, async ([correcting, fulfilling]) => {
    await keepTheJobAway(fulfilling);
    await stock(promised.poolId, 1);
    assert.ok((await fulfil(fulfilling, rewardId)).giftCardId);
    const [answer] = await untilBlocked(correcting, () => ask(correcting, promised, right));
    await fulfilling`commit`;
    assert.equal((await answer).code, 'GC-010');
  });
  const addresses = await addressesOf(promised);
  assert.deepEqual(addresses.map((row) => ({ ...row })), [{ deliver_to: wrong, status: 'fulfilled' }]);
});

Deno.test('cancel_pending_reward: a cancellation commits while the job waits for its grant → the card is not given', async () => {
  const promised = await promise({ cards: 0 });
  const admin = crypto.randomUUID();
  await sql`insert into auth.users (id, email) values (${admin}, ${admin + '@example.com'})`;
  await sql`insert into public.memberships (user_id, role, client_id) values (${admin}, 'client_admin', ${promised.clientId})`;
  const rewardId = await oweTo(promised, uniquePhone());
  await withSessions(2, async ([cancelling, fulfilling]) => {
    await cancelling`begin`;
    await cancelling`select set_config('request.jwt.claims', ${JSON.stringify({ sub: admin })}, true)`;
    await cancelling`select public.cancel_pending_reward(${rewardId}, 'A test')`;
    await keepTheJobAway(fulfilling);
    await stock(promised.poolId, 1);
    const [given] = await untilBlocked(fulfilling, () => fulfil(fulfilling, rewardId));
    await cancelling`commit`;
    // the job's call is repeated from the start, and finds nothing to give
    await assert.rejects(given, { code: '40001' });
    await fulfilling`rollback`;
  });
  const cards = await sql`select id from public.gift_cards where recipient_id = ${promised.recipient.id}`;
  assert.equal(cards.length, 0);
});
