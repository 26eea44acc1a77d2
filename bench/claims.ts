/** Provisioning from one hot pool, beside the cheapest safe claim there is: one probe, one update, one commit. */
import { connect, perSecond, report } from './measure.ts';
import { createStock, type Stock } from './stock.ts';

const clientCounts = [1, 8, 64];
const seconds = 4;

/** Prints claims per second at 1, 8 and 64 clients, as ratios to the floor. */
export async function claims(): Promise<void> {
  console.log('\nOne hot pool of 50,000 cards');
  const database = connect();
  const stock = await createStock(database, 50_000);
  await createFloor(database);
  for (const clients of clientCounts) {
    const floor = await perSecond(clients, seconds, (client) => client`select bench.claim()`);
    report(`${clients} clients: floor (random start, skip locked, update, commit)`, floor);
    const rate = await perSecond(clients, seconds, (client) => provision(client, stock));
    report(`${clients} clients: provision_gift_card, whole but for a message`, rate, floor);
  }
  await database.end();
}

/** One provisioning for the next recipient in line; without a message, or the stack would be busy sending meanwhile. */
export function provision(client: ReturnType<typeof connect>, stock: Stock) {
  return client`
    select public.provision_gift_card(null, ${stock.recipients.pop()!}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, null, null)::public.request)`;
}

async function createFloor(database: ReturnType<typeof connect>): Promise<void> {
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
