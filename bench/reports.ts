/** Reports over many cards, beside a bare count of the same cards. */
import { REPORTS } from '../supabase/functions/export-report/reports.ts';
import { createStock } from './stock.ts';
import { type Client, connect } from './measure.ts';

const CARDS = 100_000;

/** Prints how long each report takes when a client has been given so many cards. */
export async function reports(): Promise<void> {
  console.log(`\nReports over ${CARDS.toLocaleString('en')} cards given, each with its bill and its SMS`);
  const database = connect();
  const { pool } = await createStock(database, CARDS);
  const [{ client_id }] = await database`select client_id from public.card_pools where id = ${pool}`;
  await giveAll(database, pool);
  const floor = await timeOf(() =>
    database`
    select count(*), count(c.delivered_at), count(b.id) from public.gift_cards c
    left join public.billing_transactions b on b.gift_card_id = c.id where c.client_id = ${client_id}`
  );
  console.log(`${'a bare count of cards and bills (the floor)'.padEnd(64)} ${floor.toFixed(0).padStart(7)} ms`);
  for (const name of REPORTS) {
    const time = await timeOf(() => database`select * from ${database(`report_${name}`)}(${client_id})`);
    const ratio = `${(time / floor).toFixed(1)} times the floor`;
    console.log(`${name.padEnd(64)} ${time.toFixed(0).padStart(7)} ms  ${ratio}`);
  }
  await database.end();
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  await work();
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

// In bulk, over half a year: one statement for each table and not a hundred thousand provisionings.
async function giveAll(database: Client, pool: string): Promise<void> {
  await database`
    create temp table given as
    select c.id as card_id, gen_random_uuid() as grant_id, gen_random_uuid() as delivery_id, r.id as recipient_id, r.campaign_id,
      r.client_id, k.agency_id, now() - random() * interval '180 days' as claimed_at
    from (select id, row_number() over () as n from public.gift_cards where pool_id = ${pool}) c
    join (
      select r.*, row_number() over () as n from public.campaign_recipients r
      join public.card_pools p on p.client_id = r.client_id where p.id = ${pool}) r using (n)
    join public.clients k on k.id = r.client_id`;
  await database`
    insert into public.gift_card_grants (id, client_id, campaign_id, recipient_id, condition_number, surface)
    select grant_id, client_id, campaign_id, recipient_id, 1, 'api' from given`;
  await database`
    update public.gift_cards c set status = 'delivered', recipient_id = g.recipient_id, grant_id = g.grant_id,
      claimed_at = g.claimed_at, delivered_at = g.claimed_at + interval '5 seconds', delivery_method = 'sms'
    from given g where c.id = g.card_id`;
  await database`
    insert into public.billing_transactions (client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source,
      stock_owner, currency, denomination, cost_basis, platform_price, client_price, billed_entity_type, billed_entity_id, created_at)
    select client_id, agency_id, campaign_id, recipient_id, grant_id, card_id, 'inventory', 'platform', 'USD', 25, 23.50, 25, 25, 'client',
      client_id, claimed_at from given`;
  await database`
    insert into public.deliveries (id, client_id, topic, subject_id, recipient_id, channel, deliver_to, status, attempts,
      created_at, sent_at, delivered_at)
    select delivery_id, client_id, 'gift_card', card_id, recipient_id, 'sms', '+12025550100', 'delivered', 1, claimed_at,
      claimed_at, claimed_at from given`;
  await database`
    insert into public.delivery_attempts (delivery_id, client_id, attempt_number, status, finished_at)
    select delivery_id, client_id, 1, 'sent', claimed_at from given`;
  await database.unsafe('analyze').simple();
}
