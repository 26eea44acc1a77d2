/** Transfers of the ledger, beside the cheapest safe payment there is: one guarded update, one insert, one commit. */
import { connect, perSecond, report } from './measure.ts';

const clientCounts = [1, 8, 64];
const seconds = 4;
const accountCount = 5_000;

/** Prints transfers per second over many accounts and on a hot one, as ratios to floors of the same shape. */
export async function transfers(): Promise<void> {
  const database = connect();
  await createFloor(database);
  const accounts = await createAccounts(database);
  await database.end();
  for (
    const [where, pick] of [['many accounts', () => anyOf(accounts)], ['one hot account', () => accounts[0]]] as const
  ) {
    console.log(`\nTransfers, ${where}`);
    for (const clients of clientCounts) {
      const floor = await perSecond(clients, seconds, (client) => client`select bench.pay(${pick()})`);
      report(`${clients} clients: floor (guarded update, insert, commit)`, floor);
      const rate = await perSecond(clients, seconds, (client) => client`select bench.transfer(${pick()})`);
      report(`${clients} clients: a transfer, with its lots and idempotency key`, rate, floor);
    }
  }
}

function anyOf(accounts: string[]): string {
  return accounts[Math.floor(Math.random() * accounts.length)];
}

async function createFloor(database: ReturnType<typeof connect>): Promise<void> {
  await database.unsafe(`
    create schema if not exists bench;
    create table bench.accounts (id uuid primary key, balance numeric not null check (balance >= 0));
    create table bench.payments (
      id uuid primary key default gen_random_uuid(), account_id uuid not null, amount numeric not null,
      created_at timestamptz not null default now());
    create function bench.pay(account_id uuid) returns void language plpgsql as $$
    begin
      update bench.accounts a set balance = a.balance - 1 where a.id = account_id and a.balance >= 1;
      if not found then raise exception 'too poor'; end if;
      insert into bench.payments (account_id, amount) values (account_id, 1);
    end $$;
    create function bench.transfer(account_id uuid) returns void language plpgsql as $$
    declare
      account public.ledger_accounts;
    begin
      select a.* into account from public.ledger_accounts a where a.id = account_id;
      perform private.post_transfer(account.client_id, 'payment', account.id,
        private.system_account(account.client_id, 'revenue', account.asset), 1, gen_random_uuid()::text);
    end $$;`).simple();
}

async function createAccounts(database: ReturnType<typeof connect>): Promise<string[]> {
  const [{ client: clientId }] = await database`select tests.create_client() as client`;
  const accounts = await database`
    select private.ledger_account(${clientId}, 'user', gen_random_uuid(), 'points') as id
    from generate_series(1, ${accountCount})`;
  const ids = accounts.map(({ id }) => id as string);
  await database`
    select private.post_transfer(${clientId}, 'topup', private.system_account(${clientId}, 'issuance', 'points'), id,
      1000000000, id::text)
    from unnest(${ids}::uuid[]) as a (id)`;
  await database`insert into bench.accounts select id, 1000000000 from unnest(${ids}::uuid[]) as a (id)`;
  return ids;
}
