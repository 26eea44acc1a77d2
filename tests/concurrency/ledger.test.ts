import assert from 'node:assert/strict';
import { type Database, sql } from '../support/database.ts';
import { withConnections } from '../support/sessions.ts';
import { addClient } from '../support/shop.ts';

const CLIENTS = 64;

const SQLSTATE = /^[0-9A-Z]{5}$/;

interface Wallet {
  clientId: string;
  accounts: string[];
  issuance: string;
  revenue: string;
}

/** A client of its own with so many customers, each of whom has so many bizcoins. */
async function wallet({ customers = 1, balance = 0 }: { customers?: number; balance?: number } = {}): Promise<Wallet> {
  const client = await addClient();
  const [{ issuance, revenue }] = await sql`
    select private.system_account(${client}, 'issuance', 'bizcoin') as issuance,
      private.system_account(${client}, 'revenue', 'bizcoin') as revenue`;
  const opened = await sql`
    select private.ledger_account(${client}, 'user', gen_random_uuid(), 'bizcoin') as id
    from generate_series(1, ${customers}::int)`;
  const accounts = opened.map(({ id }) => id as string);
  for (const account of balance ? accounts : []) {
    await sql`select private.post_transfer(${client}, 'topup', ${issuance}, ${account}, ${balance}, ${account})`;
  }
  return { clientId: client, accounts, issuance, revenue };
}

/** Moves bizcoins, and tells the transfer or the SQLSTATE of the refusal. */
async function move(db: Database, { clientId }: Wallet, from: string, to: string, amount: number, key?: string) {
  return await outcome(db`
    select (private.post_transfer(${clientId}, 'test', ${from}, ${to}, ${amount}, ${
    key ?? crypto.randomUUID()
  })).id as answer`);
}

/** What a statement answered, or the SQLSTATE with which it was refused. */
async function outcome(statement: Promise<readonly { answer?: string }[]>): Promise<string> {
  try {
    const [{ answer }] = await statement;
    return answer!;
  } catch (error) {
    const { code } = error as { code: string };
    if (!SQLSTATE.test(code)) throw error; // a failed connection is no refusal
    return code;
  }
}

/** How often each answer was given; whatever is no SQLSTATE counts as ok. */
function tally(outcomes: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of outcomes) {
    const name = SQLSTATE.test(text) ? text : 'ok';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Balance and sum of the entries of an account. */
async function balanceOf(account: string): Promise<{ balance: number | null; entries: number }> {
  const [{ balance, entries }] = await sql`
    select a.balance, private.balance_at(a.id, 'infinity') as entries from public.ledger_accounts a where a.id = ${account}`;
  return { balance, entries };
}

async function assertBalanced() {
  assert.deepEqual([...await sql`select * from private.ledger_imbalances`], []);
}

Deno.test('post_transfer: 2 × 500 opposite transfers between two accounts → sum zero, no deadlock', async () => {
  const own = await wallet({ customers: 2, balance: 500 });
  const [one, two] = own.accounts;
  const outcomes = await withConnections(
    16,
    (db) =>
      Promise.all(
        Array.from(
          { length: 1000 },
          (_, n) => move(db, own, ...(n % 2 ? [one, two] : [two, one]) as [string, string], 1),
        ),
      ),
  );
  assert.deepEqual(tally(outcomes), { ok: 1000 });
  assert.deepEqual(await balanceOf(one), { balance: 500, entries: 500 });
  assert.deepEqual(await balanceOf(two), { balance: 500, entries: 500 });
  await assertBalanced();
});

Deno.test('post_transfers: batches with the same accounts in opposite orders → no deadlock', async () => {
  const own = await wallet({ customers: 8, balance: 1000 });
  const batch = (accounts: string[]) =>
    accounts.slice(1).map((to, n) => ({
      client_id: own.clientId,
      idempotency_key: crypto.randomUUID(),
      transfer_type: 'test',
      entries: [{ account_id: accounts[n], amount: -1 }, { account_id: to, amount: 1 }],
    }));
  const outcomes = await withConnections(16, (db) =>
    Promise.all(Array.from({ length: 200 }, (_, n) =>
      outcome(db`
      select cardinality(private.post_transfers(array(
        select p from jsonb_populate_recordset(null::private.posting, ${
        db.json(batch(n % 2 ? own.accounts : own.accounts.toReversed()))
      }) p))) || ' posted' as answer`))));
  assert.deepEqual(tally(outcomes), { ok: 200 });
  await assertBalanced();
});

Deno.test('post_transfer: 64 clients spend one balance → to zero, never below', async () => {
  const own = await wallet({ balance: 100 });
  const [account] = own.accounts;
  const amounts = Array.from({ length: CLIENTS * 4 }, (_, n) => 1 + n % 3);
  const outcomes = await withConnections(
    CLIENTS,
    (db) => Promise.all(amounts.map((amount) => move(db, own, account, own.revenue, amount))),
  );
  const spent = amounts.reduce((sum, amount, n) => sum + (outcomes[n] === 'WL001' ? 0 : amount), 0);
  assert.equal(spent, 100);
  assert.deepEqual(Object.keys(tally(outcomes)).sort(), ['WL001', 'ok']);
  assert.deepEqual(await balanceOf(account), { balance: 0, entries: 0 });
  assert.equal((await balanceOf(own.revenue)).entries, 100);
  await assertBalanced();
});

Deno.test('post_transfer: the same key 64 times → one transfer', async () => {
  const own = await wallet();
  const [account] = own.accounts;
  const outcomes = await withConnections(
    CLIENTS,
    (db) => Promise.all(Array.from({ length: CLIENTS }, () => move(db, own, own.issuance, account, 10, 'the same'))),
  );
  assert.deepEqual(tally(outcomes), { ok: CLIENTS });
  assert.equal(new Set(outcomes).size, 1);
  assert.deepEqual(await balanceOf(account), { balance: 10, entries: 10 });
});

Deno.test('reserve_hold: the same key 64 times → one hold', async () => {
  const own = await wallet({ balance: 10 });
  const [account] = own.accounts;
  const outcomes = await withConnections(CLIENTS, (db) =>
    Promise.all(Array.from({ length: CLIENTS }, () =>
      outcome(db`
      select (private.reserve_hold(${account}, 10, now() + interval '1 hour', 'the same')).id as answer`))));
  assert.deepEqual(tally(outcomes), { ok: CLIENTS });
  assert.equal(new Set(outcomes).size, 1);
  await assertBalanced();
});

Deno.test('reserve_hold: 64 clients hold one balance → never more than it, no deadlock', async () => {
  const own = await wallet({ balance: 100 });
  const [account] = own.accounts;
  const outcomes = await withConnections(
    CLIENTS,
    (db) =>
      Promise.all(Array.from({ length: CLIENTS }, (_, n) =>
        outcome(db`
      select (private.reserve_hold(${account}, 3, now() + interval '1 hour', ${`hold ${n}`})).id as answer`))),
  );
  assert.deepEqual(tally(outcomes), { ok: 33, WL001: CLIENTS - 33 });
  await assertBalanced();
});

Deno.test('ledger: a capture and a release at once → exactly one succeeds', async () => {
  const own = await wallet({ balance: 100 });
  const [account] = own.accounts;
  let captures = 0;
  await withConnections(8, async (db) => {
    for (let round = 0; round < 60; round++) {
      const [{ id }] = await db`
        select (private.reserve_hold(${account}, 2, now() - interval '1 second', ${`hold ${round}`})).id`;
      const starts = [
        () => outcome(db`select (private.capture_hold(${id}, ${own.revenue}, 1)).status as answer`),
        () => outcome(db`select (private.release_hold(${id})).status as answer`),
        () => outcome(db`select private.release_expired_holds(now())::text as answer`),
      ];
      const order = [0, 1, 2].map((n) => (n + round) % 3);
      const answers: string[] = [];
      await Promise.all(order.map(async (n) => answers[n] = await starts[n]()));
      const [{ status }] = await db`select status from public.ledger_holds where id = ${id}`;
      assert.equal(answers[0], status === 'captured' ? 'captured' : 'WL003');
      assert.equal(answers[1], status === 'captured' ? 'WL003' : status);
      captures += Number(status === 'captured');
    }
  });
  assert.deepEqual(await balanceOf(account), { balance: 100 - captures, entries: 100 - captures });
  assert.equal((await balanceOf(own.revenue)).entries, captures);
  await assertBalanced();
});

Deno.test('reverse_transfer: 64 partial reversals → exactly the amount paid', async () => {
  const own = await wallet({ balance: 50 });
  const [account] = own.accounts;
  const payment = await move(sql, own, account, own.revenue, 50);
  const outcomes = await withConnections(CLIENTS, (db) =>
    Promise.all(Array.from({ length: CLIENTS }, () =>
      outcome(db`
      select (private.reverse_transfer(${payment}, 3, ${crypto.randomUUID()})).id as answer`))));
  assert.deepEqual(tally(outcomes), { ok: 16, WL002: CLIENTS - 16 });
  assert.deepEqual(await balanceOf(account), { balance: 48, entries: 48 });
  await assertBalanced();
});

Deno.test('reverse_transfer: the same key 64 times → one reversal, also without a locked account', async () => {
  const own = await wallet({ balance: 50 });
  const [account] = own.accounts;
  const payment = await move(sql, own, account, own.revenue, 50);
  const booking = await move(sql, own, own.issuance, own.revenue, 50);
  const reversals = (transfer: string, key: string) =>
    withConnections(CLIENTS, (db) =>
      Promise.all(Array.from({ length: CLIENTS }, () =>
        outcome(db`
      select (private.reverse_transfer(${transfer}, null, ${key})).id as answer`))));
  for (const [transfer, key] of [[payment, 'payment'], [booking, 'booking']]) {
    const outcomes = await reversals(transfer, key);
    assert.deepEqual(tally(outcomes), { ok: CLIENTS });
    assert.equal(new Set(outcomes).size, 1);
  }
  assert.deepEqual(await balanceOf(account), { balance: 50, entries: 50 });
  assert.equal((await balanceOf(own.revenue)).entries, 0);
  await assertBalanced();
});

Deno.test('expire_lots: a lot expires while it is spent → either spent or expired', async () => {
  const own = await wallet();
  const [account] = own.accounts;
  await sql`
    select private.post_transfers(array_agg(row(${own.clientId}::uuid, 'topup', 'lot ' || n, null, null, null,
      private.entries_between(${own.issuance}, ${account}, 5, now() + n * interval '20 ms'))::private.posting))
    from generate_series(1, 60) n`;
  const until = Date.now() + 1500;
  let spent = 0;
  await withConnections(12, (db) =>
    Promise.all(Array.from({ length: 12 }, async (_, n) => {
      while (Date.now() < until) {
        if (n % 4 === 0) {
          await db`select private.expire_lots(now(), 3)`;
        } else if (await move(db, own, account, own.revenue, 1) !== 'WL001') {
          spent++;
        }
      }
    })));
  await sql`select private.expire_lots(now())`;
  const [{ breakage }] = await sql`
    select private.balance_at(private.system_account(${own.clientId}, 'breakage', 'bizcoin'), 'infinity') as breakage`;
  assert.equal(breakage + spent, 300);
  assert.deepEqual(await balanceOf(account), { balance: 0, entries: 0 });
  await assertBalanced();
});
