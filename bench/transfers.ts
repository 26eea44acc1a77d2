/** Transfers and holds of the ledger, beside two floors: the cheapest safe payment, and the same rows without any check. */
import { connect, perSecond, report } from './measure.ts';

type Client = ReturnType<typeof connect>;

const clientCounts = [1, 8, 64];
const seconds = 4;
const accountCount = 5_000;

interface Measure {
  what: string;
  run: (client: Client, account: string) => Promise<unknown>;
  /** The same rows, written by plain statements in one function: no locks, no choice of lots, no replay, no refusal. */
  plain?: (client: Client, account: string) => Promise<unknown>;
}

const measures: Measure[] = [
  {
    what: 'a transfer, with its lots and idempotency key',
    run: (client, account) => client`select bench.transfer(${account})`,
    plain: (client, account) => client`select bench.write_transfer(${account})`,
  },
  {
    what: 'a hold and its capture',
    run: (client, account) => client`select bench.capture(${account})`,
    plain: (client, account) => client`select bench.write_capture(${account})`,
  },
  { what: 'a hold and its release', run: (client, account) => client`select bench.release(${account})` },
];

/** Prints transfers and holds per second over many accounts and on a hot one, as ratios to floors of the same shape. */
export async function transfers(): Promise<void> {
  const database = connect();
  await createFloors(database);
  const accounts = await createAccounts(database);
  await database.end();
  for (
    const [where, pick] of [['many accounts', () => anyOf(accounts)], ['one hot account', () => accounts[0]]] as const
  ) {
    console.log(`\nTransfers and holds, ${where}`);
    for (const clients of clientCounts) {
      const floor = await perSecond(clients, seconds, (client) => client`select bench.pay(${pick()})`);
      report(`${clients} clients: floor (guarded update, insert, commit)`, floor);
      for (const { what, run, plain } of measures) {
        const rate = await perSecond(clients, seconds, (client) => run(client, pick()));
        report(`${clients} clients: ${what}`, rate, floor);
        if (!plain) continue;
        const plainRate = await perSecond(clients, seconds, (client) => plain(client, pick()));
        report(`${clients} clients: its rows by plain statements (${(rate / plainRate).toFixed(2)})`, plainRate, floor);
      }
    }
  }
}

function anyOf(accounts: string[]): string {
  return accounts[Math.floor(Math.random() * accounts.length)];
}

async function createFloors(database: Client): Promise<void> {
  await database.unsafe(`
    create schema if not exists bench;
    create table bench.accounts (
      id uuid primary key, balance numeric not null check (balance >= 0),
      -- what the plain statements know beforehand
      client_id uuid not null, lot_id bigint not null, revenue_id uuid not null);
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
    end $$;
    create function bench.hold(account_id uuid) returns uuid language plpgsql as $$
    begin
      return (private.reserve_hold(account_id, 1, now() + interval '1 hour', gen_random_uuid()::text)).id;
    end $$;
    create function bench.capture(account_id uuid) returns void language plpgsql as $$
    begin
      perform private.capture_hold(bench.hold(account_id), (select a.revenue_id from bench.accounts a where a.id = account_id));
    end $$;
    create function bench.release(account_id uuid) returns void language plpgsql as $$
    begin
      perform private.release_hold(bench.hold(account_id));
    end $$;
    create function bench.write_transfer(account_id uuid) returns uuid language plpgsql as $$
    #variable_conflict use_variable
    declare
      known bench.accounts;
      account public.ledger_accounts;
      transfer_id uuid;
    begin
      select a.* into known from bench.accounts a where a.id = account_id;
      update public.ledger_accounts a set balance = a.balance - 1, version = a.version + 1
      where a.id = account_id returning a.* into account;
      insert into public.ledger_transfers (client_id, transfer_type, idempotency_key)
      values (known.client_id, 'payment', gen_random_uuid()) returning id into transfer_id;
      update public.ledger_lots l set remaining = l.remaining - 1 where l.id = known.lot_id;
      insert into private.ledger_lot_uses (transfer_id, lot_id, amount) values (transfer_id, known.lot_id, -1);
      insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, balance_after, version, created_at)
      values (known.client_id, transfer_id, account_id, 'points', -1, account.balance, account.version, now()),
        (known.client_id, transfer_id, known.revenue_id, 'points', 1, null, null, now());
      return transfer_id;
    end $$;
    create function bench.write_capture(account_id uuid) returns void language plpgsql as $$
    #variable_conflict use_variable
    declare
      known bench.accounts;
      hold_id uuid;
    begin
      select a.* into known from bench.accounts a where a.id = account_id;
      insert into public.ledger_holds (client_id, account_id, amount, expires_at, idempotency_key)
      values (known.client_id, account_id, 1, now() + interval '1 hour', gen_random_uuid()) returning id into hold_id;
      insert into private.ledger_hold_lots (hold_id, lot_id, amount) values (hold_id, known.lot_id, 1);
      update public.ledger_accounts a set held = a.held + 1 where a.id = account_id;
      update public.ledger_lots l set held = l.held + 1 where l.id = known.lot_id;
      update public.ledger_accounts a set held = a.held - 1 where a.id = account_id;
      update public.ledger_lots l set held = l.held - 1 where l.id = known.lot_id;
      update public.ledger_holds h
      set status = 'captured', captured_at = now(), captured_amount = 1, transfer_id = bench.write_transfer(account_id)
      where h.id = hold_id;
    end $$;`).simple();
}

async function createAccounts(database: Client): Promise<string[]> {
  const [{ client: clientId }] = await database`select tests.create_client() as client`;
  const accounts = await database`
    select private.ledger_account(${clientId}, 'user', gen_random_uuid(), 'points') as id
    from generate_series(1, ${accountCount})`;
  const ids = accounts.map(({ id }) => id as string);
  await database`
    select private.post_transfers(array_agg(row(${clientId}::uuid, 'topup', a.id, null, null, null,
      private.entries_between(i.id, a.id, 1000000000))::private.posting))
    from unnest(${ids}::uuid[]) as a (id), private.system_account(${clientId}, 'issuance', 'points') as i (id)`;
  await database`
    insert into bench.accounts
    select l.account_id, 1000000000, l.client_id, l.id, private.system_account(l.client_id, 'revenue', 'points')
    from public.ledger_lots l where l.account_id = any (${ids}::uuid[])`;
  // plans made on the empty tables would read them whole
  await database`analyze public.ledger_accounts, public.ledger_lots`;
  return ids;
}
