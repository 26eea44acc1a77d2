/** How long customers wait for purchase-package: a preview, a purchase with bizcoins alone, and one that a card is to pay. */
import { type Client, connect } from './measure.ts';
import { signUp, slowest } from './over_http.ts';

const clients = 64;
const rounds = 5;

/** Prints the answer that one customer in a hundred waits longer for, with so many at once. */
export async function purchases(): Promise<void> {
  console.log(`\npurchase-package over HTTP, ${clients} customers at once (target: 2 s for 99 of 100)`);
  const database = connect();
  const [{ client }] = await database`select tests.create_client() as client`;
  const customers = await signUp(database, client, clients);
  await database`
    select private.post_transfer(${client}, 'topup', private.system_account(${client}, 'issuance', 'bizcoin'),
      private.ledger_account(${client}, 'user', id, 'bizcoin'), 1000, id::text)
    from unnest(${customers.map(({ id }) => id)}::uuid[]) as c (id)`;
  for (
    const [what, wish] of Object.entries({
      'previews': { bizcoins: 10, preview: true },
      'purchases with a payment by card to come': { bizcoins: 5 },
      'purchases with bizcoins alone': { bizcoins: 10 },
    })
  ) {
    const ids = await createPackages(database, client);
    const calls = customers.map(({ token }) => ids.map((packageId) => ({ token, body: { packageId, ...wish } })));
    const { p50, p99, failures } = await slowest('purchase-package', calls);
    console.log(`${`${clients * rounds} ${what}, ${failures} failed`.padEnd(64)} p50 ${p50} ms, p99 ${p99} ms`);
  }
  await database.end();
}

// New ones for each: a purchase that waits for its payment is in the way of another one of the same package.
async function createPackages(database: Client, client: string): Promise<string[]> {
  const packages = await database`
    insert into public.packages (client_id, name, price, duration_days, messages)
    select ${client}, 'Package', 10, 30, 100 from generate_series(1, ${rounds}) returning id`;
  return packages.map(({ id }) => id as string);
}
