import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, sql } from '../support/database.ts';
import { promise, stock } from '../support/promise.ts';

const WORKERS = 16;
const DELIVERIES = 40;

interface Lease {
  deliveryId: string;
  attemptId: string;
  leaseToken: string;
}

/** Deliveries of a tenant that are due in an hour, so that the scheduler does not see them yet. */
async function deliveriesToCome(howMany: number): Promise<string[]> {
  const { campaignId, recipients } = await promise({ cards: howMany, recipients: howMany });
  return await sql.begin(async (transaction) => {
    const rows = await transaction`
      select (public.provision_gift_card(${campaignId}, r.id, null, null, 1, 'sms', null,
        row(gen_random_uuid(), null, null, null, null)::public.request) -> 'result' -> 'delivery' ->> 'id')::uuid as id
      from unnest(${recipients.map(({ id }) => id)}::uuid[]) as r (id)`;
    const ids = rows.map(({ id }) => id as string);
    await transaction`
      update public.deliveries set next_attempt_at = now() + interval '1 hour' where id in ${transaction(ids)}`;
    return ids;
  }) as string[];
}

function shuffled<Item>(items: Item[]): Item[] {
  return items.map((item) => ({ item, at: Math.random() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

// By id, because a batch would take the deliveries of the tests beside this one; tests/chaos leases batches.
Deno.test('lease_deliveries: 16 workers lease the same deliveries → none twice', async () => {
  const ids = await deliveriesToCome(DELIVERIES);
  const pool = connect(undefined, WORKERS);
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => pool.reserve()));
  await sql`update public.deliveries set next_attempt_at = now() where id in ${sql(ids)}`;
  const leased = (await Promise.all(workers.map(async (worker) => {
    const mine: Lease[] = [];
    for (const id of shuffled(ids)) {
      const [{ answer }] = await worker`select public.lease_deliveries(${id}, 1) as answer`;
      mine.push(...answer.result.deliveries);
    }
    return mine;
  }))).flat();

  assert.ok(leased.length > 0);
  assert.equal(new Set(leased.map(({ deliveryId }) => deliveryId)).size, leased.length);
  const attempts = await sql`
    select count(*) as attempts, count(distinct delivery_id) as deliveries from public.delivery_attempts
    where delivery_id in ${sql(ids)}`;
  assert.deepEqual({ ...attempts[0] }, { attempts: DELIVERIES, deliveries: DELIVERIES });

  // Recorded as sent, so that no job looks them up later.
  const reports = await Promise.all(leased.map(async ({ attemptId, leaseToken }) => {
    const [{ answer }] = await sql`
      select public.complete_delivery_attempt(${attemptId}, ${leaseToken}, 'sent', 'twilio',
        ${`SM${randomBytes(16).toString('hex')}`}, null, null) as answer`;
    return answer.result.accepted;
  }));
  assert.ok(reports.every((accepted) => accepted === true));
  workers.forEach((worker) => worker.release());
  await pool.end();
});

Deno.test('lease_deliveries: cards expire between claim and lease → none is leased, each reward gets one other card', async () => {
  const ids = await deliveriesToCome(DELIVERIES);
  const [{ pool_id: poolId, campaign_id: campaignId }] = await sql`
    select c.pool_id, g.campaign_id from public.deliveries d
    join public.gift_cards c on c.id = d.subject_id join public.gift_card_grants g on g.id = c.grant_id where d.id = ${
    ids[0]
  }`;
  await stock(poolId, DELIVERIES / 2);
  // As if agents had asked: their answers show no code.
  await sql`
    with lot as (
      insert into private.card_lots (pool_id, expires_at) values (${poolId}, now() - interval '1 second') returning id, expires_at)
    update public.gift_cards c
    set exposed_at = null, lot_id = l.id, expires_at = l.expires_at, claimed_at = l.expires_at - interval '25 hours'
    from lot l where c.id in (select d.subject_id from public.deliveries d where d.id in ${sql(ids)})`;
  const pool = connect(undefined, WORKERS);
  await sql`update public.deliveries set next_attempt_at = now() where id in ${sql(ids)}`;
  const leased = await Promise.all(Array.from({ length: WORKERS }, async () => {
    let mine = 0;
    for (const id of shuffled(ids)) {
      const [{ answer }] = await pool`select public.lease_deliveries(${id}, 1) as answer`;
      mine += answer.result.deliveries.length;
    }
    return mine;
  }));
  await pool.end();
  assert.deepEqual(leased.filter((count) => count > 0), []);
  const [attempts] = await sql`select count(*) as made from public.delivery_attempts where delivery_id in ${sql(ids)}`;
  assert.equal(attempts.made, 0);
  const [rewards] = await sql`
    select count(g.id) as given, count(*) filter (where g.id is null and w.id is not null) as pending
    from public.campaign_recipients r
    left join public.gift_card_grants g on g.recipient_id = r.id and g.cancelled_at is null
    left join public.pending_rewards w on w.recipient_id = r.id and w.status like 'awaiting%'
    where r.campaign_id = ${campaignId}`;
  assert.deepEqual({ ...rewards }, { given: DELIVERIES / 2, pending: DELIVERIES / 2 });
  const bills = await sql`
    select sum(quantity) as cards from public.billing_transactions where campaign_id = ${campaignId} group by recipient_id`;
  assert.equal(bills.reduce((total, { cards }) => total + Number(cards), 0), DELIVERIES / 2);
  const violations = await sql`
    select v.* from private.invariant_violations v
    where v.row in (select id::text from public.gift_cards where pool_id = ${poolId} union all select ${poolId}::text)`;
  assert.deepEqual([...violations], []);
});

Deno.test('complete_delivery_attempt: a foreign lease → nothing changes', async () => {
  const [id] = await deliveriesToCome(1);
  const [attempt] = await sql.begin(async (transaction) => {
    await transaction`update public.deliveries set next_attempt_at = now() where id = ${id}`;
    const [{ answer }] = await transaction`select public.lease_deliveries(${id}, 1) as answer`;
    return answer.result.deliveries as Lease[];
  });
  const complete = async (leaseToken: string, outcome: string) => {
    const [{ answer }] = await sql`
      select public.complete_delivery_attempt(${attempt.attemptId}, ${leaseToken}, ${outcome}, 'twilio',
        ${`SM${randomBytes(16).toString('hex')}`}, null, null) as answer`;
    return answer.result.accepted;
  };
  assert.equal(await complete(crypto.randomUUID(), 'permanent'), false);
  assert.equal(await complete(attempt.leaseToken, 'sent'), true);
  assert.equal(await complete(attempt.leaseToken, 'permanent'), false);
  const [{ status }] = await sql`select status from public.deliveries where id = ${id}`;
  assert.equal(status, 'sent');
});
