/** Provisioning from one hot pool, beside two floors: the cheapest safe claim, and the same rows without any check. */
import { type Client, connect, perSecond, report } from './measure.ts';
import { createStock, type Stock } from './stock.ts';

const clientCounts = [1, 8, 64];
const seconds = 4;

/** Prints claims per second at 1, 8 and 64 clients, as ratios to the floors. */
export async function claims(): Promise<void> {
  console.log('\nOne hot pool of 50,000 cards');
  const database = connect();
  const stock = await createStock(database, 50_000);
  const plain = await createStock(database, 50_000);
  await createFloor(database);
  const cards = await createPlainWrites(database, plain);
  for (const clients of clientCounts) {
    const floor = await perSecond(clients, seconds, (client) => client`select bench.claim()`);
    report(`${clients} clients: floor (random start, skip locked, update, commit)`, floor);
    const plainRate = await perSecond(
      clients,
      seconds,
      (client) => client`select bench.write_provisioning(${plain.recipients.pop()!}, ${cards.pop()!})`,
    );
    const rate = await perSecond(clients, seconds, (client) => provision(client, stock));
    report(`${clients} clients: provision_gift_card, whole but for a message`, rate, floor);
    report(`${clients} clients: its rows by plain statements (${(rate / plainRate).toFixed(2)})`, plainRate, floor);
  }
  await database.end();
}

/** One provisioning for the next recipient in line; without a message, or the stack would be busy sending meanwhile. */
export function provision(client: Client, stock: Stock) {
  return client`
    select public.provision_gift_card(null, ${stock.recipients.pop()!}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, null, null)::public.request)`;
}

async function createFloor(database: Client): Promise<void> {
  await database.unsafe(`
    create schema if not exists bench;
    create table bench.cards (id uuid primary key default gen_random_uuid(), status text not null default 'available');
    create index on bench.cards (id) where status = 'available';
    insert into bench.cards select from generate_series(1, 200000);
    create function bench.claim() returns uuid language plpgsql as $$
    declare card uuid; start uuid := gen_random_uuid();
    begin
      select c.id into card from bench.cards c where c.status = 'available' and c.id >= start
      order by c.id limit 1 for update skip locked;
      update bench.cards set status = 'claimed' where id = card;
      return card;
    end $$;
    analyze bench.cards;`).simple();
}

/**
 * The rows of a provisioning, as it leaves them, by plain statements that know everything beforehand: nothing is read, chosen, checked
 * or presented. Constraints, indexes and triggers are those of the tables. Returns the cards to write them with.
 */
async function createPlainWrites(database: Client, stock: Stock): Promise<string[]> {
  const recipient = stock.recipients.pop()!;
  const [{ answer }] = await database`
    select public.provision_gift_card(null, ${recipient}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
  const [known] = await database`
    select b.client_id, b.agency_id, b.campaign_id, b.denomination, b.cost_basis, b.platform_price, b.client_price,
      e.metadata, t.steps::text as steps, t.step_ends::text as step_ends
    from public.billing_transactions b
    join public.audit_events e on e.subject_id = b.gift_card_id
    join public.provisioning_traces t on t.recipient_id = b.recipient_id
    where b.recipient_id = ${recipient}`;
  const literal = (value: unknown) =>
    `'${(typeof value === 'string' ? value : JSON.stringify(value)).replaceAll("'", "''")}'`;
  const [client, campaign] = [literal(known.client_id), literal(known.campaign_id)];
  await database.unsafe(`
    create function bench.write_provisioning(recipient uuid, card uuid) returns void language plpgsql as $$
    declare
      given uuid := gen_random_uuid();
      request uuid := gen_random_uuid();
    begin
      insert into public.gift_card_grants (id, client_id, campaign_id, recipient_id, condition_number, surface)
      values (given, ${client}, ${campaign}, recipient, 1, 'api');
      update public.gift_cards set status = 'delivered', claimed_at = now(), client_id = ${client}, recipient_id = recipient,
        grant_id = given, delivered_at = now(), delivery_method = 'api', exposed_at = now() where id = card;
      insert into public.billing_transactions (client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source,
        stock_owner, currency, denomination, cost_basis, platform_price, client_price, billed_entity_type, billed_entity_id, request_id)
      values (${client}, ${
    literal(known.agency_id)
  }, ${campaign}, recipient, given, card, 'inventory', 'platform', 'USD',
        ${known.denomination}, ${known.cost_basis}, ${known.platform_price}, ${known.client_price}, 'client', ${client}, request);
      insert into public.audit_events (client_id, action, subject_type, subject_id, metadata, request_id)
      values (${client}, 'gift_card.provisioned', 'gift_card', card, ${literal(known.metadata)}, request);
      insert into private.idempotency_keys (scope, key, answer)
      values ('provisioning-api:' || ${client} || ':server', 'system:' || request, ${literal(answer.result)});
      insert into public.provisioning_traces (client_id, request_id, campaign_id, recipient_id, steps, step_ends, started_at)
      values (${client}, request, ${campaign}, recipient, ${literal(known.steps)}, ${
    literal(known.step_ends)
  }, clock_timestamp());
    end $$;`).simple();
  const cards = await database`
    select c.id from public.gift_cards c where c.pool_id = ${stock.pool} and c.status = 'available' order by random()`;
  return cards.map(({ id }) => id);
}
