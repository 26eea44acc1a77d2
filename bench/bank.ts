/** Transfers, holds, captures, releases, expiries and reversals on few accounts, all at once. */
import { type Client, connect, report } from './measure.ts';

const clients = 32;
const accountCount = 64;
const operations = Number(Deno.env.get('BANK_OPERATIONS') || 10_000);

interface Bank {
  clientId: string;
  accounts: string[];
  issuance: string;
  revenue: string;
  holds: string[];
  payments: string[];
}

const tally = new Map<string, number>();

/** Runs the operations, checks the sums meanwhile and the invariants after, and throws when they are violated. */
export async function bank(): Promise<void> {
  console.log(`\nA bank of ${accountCount} accounts, ${operations} operations by ${clients} clients`);
  const database = connect();
  const own = await open(database);
  let left = operations;
  let isOver = false;
  const snapshots = watch(database, own, () => isOver);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: clients }, async () => {
    const [one, other] = [connect(), connect()];
    while (left-- > 0) await operate(one, other, own);
    await Promise.all([one.end(), other.end()]);
  }));
  const seconds = (performance.now() - startedAt) / 1000;
  isOver = true;
  report(`all operations in ${seconds.toFixed(0)} s`, operations / seconds);
  for (const [what, times] of [...tally].sort()) console.log(`  ${what.padEnd(44)} ${times}`);
  console.log(`  ${await snapshots} checks meanwhile: every sum is zero, no balance negative`);
  const problems = await database`select * from private.ledger_imbalances`;
  if (problems.length > 0) throw new Error(`The ledger is off: ${JSON.stringify(problems.slice(0, 5))}`);
  const [won, lost] = ['ok', 'WL002'].map((outcome) => tally.get(`reversal: ${outcome}`) ?? 0);
  if (won !== lost) throw new Error(`Of ${won + lost} reversals ${won} were made, which is not half of them`);
  await database.end();
}

async function open(database: Client): Promise<Bank> {
  const [{ id: clientId }] = await database`select tests.create_client() as id`;
  const [system] = await database`
    select private.system_account(${clientId}, 'issuance', 'points') as issuance,
      private.system_account(${clientId}, 'revenue', 'points') as revenue`;
  const accounts = (await database`
    select private.ledger_account(${clientId}, 'user', gen_random_uuid(), 'points') as id
    from generate_series(1, ${accountCount})`).map(({ id }) => id as string);
  const own = { clientId, accounts, ...system, holds: [], payments: [] } as unknown as Bank;
  for (const account of accounts) await move(database, own, own.issuance, account, 1000);
  return own;
}

function operate(one: Client, other: Client, own: Bank): Promise<unknown> {
  const dice = Math.random();
  const account = anyOf(own.accounts);
  if (dice < 0.4) return count('transfer', move(one, own, account, anyOf(own.accounts, account), 1 + any(20)));
  if (dice < 0.5) return count('payment', pay(one, own, account));
  if (dice < 0.65) return count('hold', hold(one, own, account));
  if (dice < 0.73) return withHold(own, 'capture', (id) => one`select private.capture_hold(${id}, ${own.revenue}, 1)`);
  if (dice < 0.8) return withHold(own, 'release', (id) => one`select private.release_hold(${id})`);
  if (dice < 0.9) return reverseTwice(one, other, own);
  if (dice < 0.96) return count('credit that expires', move(one, own, own.issuance, account, 5, true));
  return dice < 0.98
    ? count('expiry of lots', one`select private.expire_lots(now(), 20)`)
    : count('expiry of holds', one`select private.release_expired_holds(now(), 20)`);
}

function move(db: Client, { clientId }: Bank, from: string, to: string, amount: number, expires = false) {
  return db`
    select (private.post_transfer(${clientId}, 'bank', ${from}, ${to}, ${amount}, gen_random_uuid()::text, null, null,
      case when ${expires} then now() + random() * interval '2 s' end)).id`;
}

async function pay(db: Client, own: Bank, account: string): Promise<void> {
  const [{ id }] = await move(db, own, account, own.revenue, 1 + any(5));
  own.payments.push(id);
}

async function hold(db: Client, own: Bank, account: string): Promise<void> {
  const [{ id }] = await db`
    select (private.reserve_hold(${account}, ${
    1 + any(9)
  }, now() + random() * interval '4 s', gen_random_uuid()::text)).id`;
  own.holds.push(id);
}

// The hold stays in the list, so that another client may capture, release or expire it at the same time.
function withHold(own: Bank, what: string, work: (id: string) => Promise<unknown>): Promise<unknown> {
  const id = anyOf(own.holds.slice(-50));
  return id ? count(what, work(id)) : Promise.resolve();
}

/** Two clients reverse the whole of a payment at once, each with its own key: one must succeed, one must be refused. */
async function reverseTwice(one: Client, other: Client, { payments }: Bank): Promise<void> {
  const payment = payments.pop();
  if (!payment) return;
  const reverse = (db: Client) =>
    count(
      'reversal',
      db`
      select private.reverse_transfer(${payment}, (
        select max(e.amount) from public.ledger_entries e where e.transfer_id = ${payment}), gen_random_uuid()::text)`,
    );
  await Promise.all([reverse(one), reverse(other)]);
}

/** Counts the outcome of an operation; an error that is no refusal of the ledger (a deadlock, say) is thrown. */
async function count(what: string, work: Promise<unknown>): Promise<void> {
  const outcome = await work.then(() => 'ok', (error) => {
    if (!/^WL00\d$/.test(error.code)) throw error;
    return error.code as string;
  });
  tally.set(`${what}: ${outcome}`, (tally.get(`${what}: ${outcome}`) ?? 0) + 1);
}

async function watch(database: Client, { clientId }: Bank, isOver: () => boolean): Promise<number> {
  let checks = 0;
  for (; !isOver(); checks++) {
    const [seen] = await database`
      select (select sum(e.amount) from public.ledger_entries e where e.client_id = ${clientId}) as total,
        (select min(least(a.balance, a.held, a.balance - a.held)) from public.ledger_accounts a
          where a.client_id = ${clientId} and a.kind = 'customer') as least`;
    if (Number(seen.total) !== 0 || Number(seen.least) < 0) {
      throw new Error(`The sums are off: ${JSON.stringify(seen)}`);
    }
    await new Promise((resume) => setTimeout(resume, 200));
  }
  return checks;
}

const any = (below: number) => Math.floor(Math.random() * below);

function anyOf(ids: string[], but?: string): string {
  const id = ids[any(ids.length)];
  return id === but && ids.length > 1 ? anyOf(ids, but) : id;
}
