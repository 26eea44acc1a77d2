import assert from 'node:assert/strict';
import { type Database, sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { request } from '../support/request.ts';
import { type Session, untilBlocked, withConnections, withSessions } from '../support/sessions.ts';
import { addClient, addPackage } from '../support/shop.ts';
import { addVoucher, redeemVoucher, signUpCustomer, type Voucher } from '../support/vouchers.ts';
import { uniqueIp } from '../support/unique.ts';

const CLIENTS = 64;

/** Customers with accounts but without sessions: their redemptions call the entry point in SQL. */
async function addCustomers(clientId: string, emails: (string | null)[]): Promise<string[]> {
  const users = await sql`
    insert into auth.users (id, email, email_confirmed_at) select gen_random_uuid(), nullif(e, ''), now() from unnest(${
    emails.map((email) => email ?? '')
  }::text[]) e returning id`;
  const ids = users.map(({ id }) => id as string);
  await sql`
    insert into public.memberships (user_id, role, client_id)
    select u, 'customer', ${clientId} from unnest(${ids}::uuid[]) u`;
  return ids;
}

const strangers = (count: number) => Array.from({ length: count }, () => `${crypto.randomUUID()}@example.com`);

/** Redeems a voucher from an address of its own, or the limit of the address would have all wait in a row, and tells what came of it: ok, or the code of the refusal. */
async function redeem(db: Database, customer: string, { code }: Voucher): Promise<string> {
  const [{ answer }] = await db`
    select public.redeem_voucher(${code}, null, null, ${request({ actor: customer, ip: uniqueIp() })}) as answer`;
  return answer.code ?? 'ok';
}

function tally(outcomes: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** The redemptions of a voucher as the voucher, its history and the ledger tell them. */
async function redemptionsOf({ id }: Voucher) {
  const [counts] = await sql`
    select v.usage_count as counted, count(u.id) filter (where u.status = 'redeemed') as written,
      coalesce(sum(e.amount), 0) as bizcoins
    from public.vouchers v left join public.voucher_usage u on u.voucher_id = v.id
    left join public.ledger_entries e on e.transfer_id = u.transfer_id and e.amount > 0
    where v.id = ${id} group by v.id`;
  return { ...counts };
}

async function assertSound(clientId: string) {
  assert.deepEqual([
    ...await sql`
    select p.problem from private.voucher_violations p
    where p.id in (select id from public.vouchers where client_id = ${clientId}
      union all select id from public.voucher_usage where client_id = ${clientId})`,
  ], []);
  assert.deepEqual([...await sql`select * from private.ledger_imbalances`], []);
}

Deno.test('redeem_voucher: 64 customers at once, a limit of 10 → exactly 10 redemptions', async () => {
  const clientId = await addClient();
  const voucher = await addVoucher(clientId, { usage_limit: 10 });
  const customers = await addCustomers(clientId, strangers(CLIENTS));
  const outcomes = await withConnections(
    CLIENTS,
    (db) => Promise.all(customers.map((customer) => redeem(db, customer, voucher))),
  );
  assert.deepEqual(tally(outcomes), { ok: 10, 'VC-006': CLIENTS - 10 });
  assert.deepEqual(await redemptionsOf(voucher), { counted: 10, written: 10, bizcoins: 500 });
  await assertSound(clientId);
});

Deno.test('redeem_voucher: one customer 64 times at once → one redemption', async () => {
  const clientId = await addClient();
  const voucher = await addVoucher(clientId);
  const [customer] = await addCustomers(clientId, strangers(1));
  const outcomes = await withConnections(
    CLIENTS,
    (db) => Promise.all(Array.from({ length: CLIENTS }, () => redeem(db, customer, voucher))),
  );
  assert.deepEqual(tally(outcomes), { ok: 1, 'VC-007': CLIENTS - 1 });
  assert.deepEqual(await redemptionsOf(voucher), { counted: 1, written: 1, bizcoins: 50 });
  await assertSound(clientId);
});

Deno.test('redeem_voucher: 64 accounts of one person → one redemption; another person → redeems it too', async () => {
  const clientId = await addClient();
  const voucher = await addVoucher(clientId);
  const mailbox = crypto.randomUUID().replaceAll('-', '');
  const variants = Array.from({ length: CLIENTS }, (_, n) => {
    const dotted = `${mailbox.slice(0, n % 20 + 1)}.${mailbox.slice(n % 20 + 1)}`;
    return [`${dotted}+${n}@gmail.com`, `${mailbox.toUpperCase()}+${n}@GoogleMail.com`][n % 2];
  });
  const customers = await addCustomers(clientId, [...variants, ...strangers(1)]);
  const outcomes = await withConnections(
    CLIENTS,
    (db) => Promise.all(customers.map((customer) => redeem(db, customer, voucher))),
  );
  assert.deepEqual(tally(outcomes.slice(0, CLIENTS)), { ok: 1, 'VC-007': CLIENTS - 1 });
  assert.equal(outcomes.at(-1), 'ok');
  await assertSound(clientId);
});

Deno.test('redeem_voucher: customers who refer each other → no deadlock', async () => {
  const clientId = await addClient();
  const owners = await addCustomers(clientId, strangers(8));
  const vouchers = await Promise.all(
    owners.map((owner) => addVoucher(clientId, { owner_id: owner, owner_benefit: 3 })),
  );
  const pairs = owners.flatMap((owner, n) => vouchers.filter((_, m) => m !== n).map((voucher) => ({ owner, voucher })));
  const outcomes = await withConnections(
    CLIENTS,
    (db) => Promise.all(pairs.map(({ owner, voucher }) => redeem(db, owner, voucher))),
  );
  assert.deepEqual(tally(outcomes), { ok: 56 });
  const balances = await sql`
    select available from public.wallet_balances where client_id = ${clientId} and asset = 'bizcoin'`;
  assert.deepEqual(balances.map(({ available }) => available), Array(8).fill(7 * 50 + 7 * 3));
  await assertSound(clientId);
});

Deno.test('rollback_voucher_redemption: during redemptions → the use is redeemed again, never above the limit', async () => {
  const clientId = await addClient();
  const voucher = await addVoucher(clientId, { usage_limit: 5 });
  const [admin] = await addCustomers(clientId, [null]);
  await sql`insert into public.memberships (user_id, role, client_id) values (${admin}, 'client_admin', ${clientId})`;
  const first = await addCustomers(clientId, strangers(5));
  for (const customer of first) assert.equal(await redeem(sql, customer, voucher), 'ok');
  const redemptions = await sql`select id from public.voucher_usage where voucher_id = ${voucher.id}`;
  const second = await addCustomers(clientId, strangers(32));
  const outcomes = await withConnections(40, (db) =>
    Promise.all([
      ...redemptions.map(({ id }) =>
        db.begin(async (own) => {
          await own`select set_config('request.jwt.claims', ${JSON.stringify({ sub: admin })}, true)`;
          await own`select private.rollback_voucher_redemption(${id}, 'test', null)`;
          return 'rolled back';
        })
      ),
      ...second.map((customer) => redeem(db, customer, voucher)),
    ]));
  const { 'rolled back': rolledBack, ok = 0, ...refused } = tally(outcomes);
  assert.equal(rolledBack, 5);
  assert.ok(ok <= 5, `${ok} of 5`);
  assert.deepEqual(refused, { 'VC-006': 32 - ok });
  for (const customer of second) await redeem(sql, customer, voucher);
  assert.equal((await redemptionsOf(voucher)).counted, 5);
  await assertSound(clientId);
});

Deno.test('redeem_voucher: message vouchers during the activation of a package → no message lost', async () => {
  const clientId = await addClient();
  const [customer] = await addCustomers(clientId, strangers(1));
  const offer = await addPackage(clientId);
  const gift = await addVoucher(clientId, { type: 'package', package_id: offer });
  assert.equal(await redeem(sql, customer, gift), 'ok');
  const vouchers = await Promise.all(
    Array.from(
      { length: 24 },
      (_, n) =>
        n % 4
          ? addVoucher(clientId, { type: 'message', value: 10 })
          : addVoucher(clientId, { type: 'package', package_id: offer }),
    ),
  );
  const outcomes = await withConnections(
    24,
    (db) => Promise.all(vouchers.map((voucher) => redeem(db, customer, voucher))),
  );
  assert.deepEqual(tally(outcomes), { ok: 24 });
  const [{ available }] = await sql`
    select available from public.wallet_balances where client_id = ${clientId} and asset = 'messages'`;
  assert.equal(available, 100 + 6 * 100 + 18 * 10);
  assert.deepEqual([...await sql`select * from private.packages_off`], []);
  await assertSound(clientId);
});

Deno.test('purchase-package: one discount, 64 purchases at once → reserved for one', async () => {
  const clientId = await addClient();
  const [customer] = await addCustomers(clientId, strangers(1));
  assert.equal(await redeem(sql, customer, await addVoucher(clientId, { type: 'percentage', value: 20 })), 'ok');
  const [{ id }] = await sql`select id from public.voucher_entitlements where user_id = ${customer}`;
  const outcomes = await withConnections(
    CLIENTS,
    (db) =>
      Promise.all(Array.from({ length: CLIENTS }, () =>
        db`select private.reserve_entitlement(${id}, gen_random_uuid())`
          .then(() => 'ok', ({ code }: { code: string }) => code))),
  );
  assert.deepEqual(tally(outcomes), { ok: 1, VC017: CLIENTS - 1 });
});

Deno.test('redeem_voucher: the voucher is paused meanwhile → refused', async () => {
  const clientId = await addClient();
  const voucher = await addVoucher(clientId);
  const [customer] = await addCustomers(clientId, strangers(1));
  await withConnections(2, async (db) => {
    const [admin, session] = await Promise.all([db.reserve(), db.reserve()]);
    await admin`begin`;
    await admin`update public.vouchers set is_active = false where id = ${voucher.id}`;
    const [redeeming] = await untilBlocked(session, () => redeem(session as unknown as Database, customer, voucher));
    await admin`commit`;
    assert.equal(await redeeming, 'VC-003');
    [admin, session].forEach((one) => one.release());
  });
  assert.deepEqual(await redemptionsOf(voucher), { counted: 0, written: 0, bizcoins: 0 });
  await assertSound(clientId);
});

Deno.test('redeem-voucher: 24 customers at once over HTTP, a limit of 10 → ten redemptions', async () => {
  const clientId = await addClient();
  const voucher = await addVoucher(clientId, { usage_limit: 10 });
  const customers = await Promise.all(Array.from({ length: 24 }, () => signUpCustomer(clientId)));
  const answers = await Promise.all(customers.map((customer) => redeemVoucher(customer, voucher.code)));
  assert.deepEqual(tally(answers.map(({ body }) => body.error?.code ?? 'ok')), { ok: 10, 'VC-006': 14 });
  assert.deepEqual(await redemptionsOf(voucher), { counted: 10, written: 10, bizcoins: 500 });
  await assertSound(clientId);
});

/** Rolls a redemption back as an admin, and returns what was revoked, or the code of the refusal. */
function rollBack(db: Database, admin: string, redemption: string): Promise<number | string> {
  return db.begin(async (own) => {
    await own`select set_config('request.jwt.claims', ${JSON.stringify({ sub: admin })}, true)`;
    const [{ answer }] = await own`
      select private.rollback_voucher_redemption(${redemption}, 'test', null) as answer`;
    return answer.takenBack as number;
  }).catch(({ code }: { code: string }) => code) as Promise<number | string>;
}

/** A client with an admin and a customer who has redeemed a voucher of 1,000 bizcoins. */
async function redeemedVoucher() {
  const clientId = await addClient();
  const [admin, customer] = await addCustomers(clientId, [null, ...strangers(1)]);
  await sql`insert into public.memberships (user_id, role, client_id) values (${admin}, 'client_admin', ${clientId})`;
  const voucher = await addVoucher(clientId, { value: 1000, usage_limit: 1 });
  assert.equal(await redeem(sql, customer, voucher), 'ok');
  const [{ id, account }] = await sql`
    select u.id, private.ledger_account(u.client_id, 'user', u.user_id, 'bizcoin') as account
    from public.voucher_usage u where u.voucher_id = ${voucher.id}`;
  return { clientId, admin, customer, voucher, redemption: id as string, account: account as string };
}

/** Rolls a redemption back in a session: ok, or the state of the error. */
async function rollBackIn(session: Session, admin: string, redemption: string): Promise<string> {
  await session`select set_config('request.jwt.claims', ${JSON.stringify({ sub: admin })}, false)`;
  return await session`select private.rollback_voucher_redemption(${redemption}, 'test', null)`
    .then(() => 'ok', ({ code }: { code: string }) => code);
}

Deno.test('rollback_voucher_redemption: twice at once while a part is held → each bizcoin is revoked once', async () => {
  const { clientId, admin, customer, voucher, redemption, account } = await redeemedVoucher();
  const [{ id: hold }] = await sql`
    select (private.reserve_hold(${account}, 300, now() + interval '1 hour', 'hold')).id`;
  const first = await withConnections(
    16,
    (db) => Promise.all(Array.from({ length: 16 }, () => rollBack(db, admin, redemption))),
  );
  assert.deepEqual(tally(first.map(String)), { 700: 1, VC016: 15 });
  assert.equal(await redeem(sql, customer, voucher), 'VC-007');
  const second = await withConnections(17, (db) =>
    Promise.all([
      db`select private.release_hold(${hold})`.then(() => 'released'),
      ...Array.from({ length: 16 }, () => rollBack(db, admin, redemption)),
    ]));
  // one that came before the release found nothing free
  const rest = await rollBack(sql, admin, redemption);
  const taken = [...second, rest].filter((outcome) => typeof outcome === 'number');
  assert.deepEqual(taken, [300]);
  assert.equal(await redeem(sql, customer, voucher), 'ok');
  await assertSound(clientId);
});

Deno.test('rollback_voucher_redemption: beside spending → spent and revoked are 1,000, the use returns only with all', async () => {
  const { clientId, admin, voucher, redemption, account } = await redeemedVoucher();
  const outcomes = await withConnections(
    24,
    (db) =>
      Promise.all(Array.from({ length: 24 }, (_, n) =>
        n % 4 === 0 ? rollBack(db, admin, redemption) : db`
        select private.post_transfer(${clientId}, 'test', ${account}, private.system_account(${clientId}, 'revenue', 'bizcoin'),
          10, ${`spend ${n}`})`.then(() => 'spent', ({ code }: { code: string }) => code))),
  );
  const taken = outcomes.filter((outcome) => typeof outcome === 'number').reduce((sum, part) => sum + Number(part), 0);
  const spent = 10 * outcomes.filter((outcome) => outcome === 'spent').length;
  const [{ balance }] = await sql`select balance from public.ledger_accounts where id = ${account}`;
  assert.equal(taken + spent + Number(balance), 1000);
  const isComplete = taken === 1000;
  assert.equal((await redemptionsOf(voucher)).counted, isComplete ? 0 : 1);
  await assertSound(clientId);
});

Deno.test('rollback_voucher_redemption: of a package and of messages in it, with one owner → no deadlock', async () => {
  const { clientId, admin, customer } = await redeemedVoucher();
  const [owner] = await addCustomers(clientId, strangers(1));
  const terms = { owner_id: owner, owner_benefit: 3 };
  const packageId = await addPackage(clientId, 10, 100);
  const vouchers = [await addVoucher(clientId, { ...terms, type: 'package', package_id: packageId })];
  for (let n = 0; n < 2; n++) vouchers.push(await addVoucher(clientId, { ...terms, type: 'message', value: 10 }));
  for (const voucher of vouchers) assert.equal(await redeem(sql, customer, voucher), 'ok');
  const [first] = await sql`
    select l.transfer_id as transfer from private.package_lots pl
    join public.ledger_lots l on l.id = pl.lot_id
    join public.customer_packages cp on cp.id = pl.customer_package_id and cp.client_id = ${clientId}
    order by l.transfer_id limit 1`;
  const [{ id: ofPackage }] = await sql`select id from public.voucher_usage where voucher_id = ${vouchers[0].id}`;
  const [{ id: ofMessages }] = await sql`
    select u.id from public.voucher_usage u where u.voucher_id = any(${vouchers.slice(1).map(({ id }) => id)})
      and u.transfer_id <> ${first.transfer} order by u.transfer_id limit 1`;

  await withSessions(3, async ([holder, one, other]) => {
    await holder`begin`;
    // the first of the transfers that both take: what the rollback of the package has by then, it keeps while it waits
    await holder`select from public.ledger_transfers where id = ${first.transfer} for no key update`;
    const [rolledBack] = await untilBlocked(one, () => rollBackIn(one, admin, ofPackage));
    let isDone = false;
    const [{ pid }] = await other`select pg_backend_pid() as pid`;
    const another = rollBackIn(other, admin, ofMessages).finally(() => isDone = true);
    await eventually('the second rollback is done or waits', async () => {
      const [{ blocked }] = await sql`select cardinality(pg_blocking_pids(${pid})) > 0 as blocked`;
      return isDone || blocked;
    });
    await holder`rollback`;
    assert.deepEqual(await Promise.all([rolledBack, another]), ['ok', 'ok']);
  });
  await assertSound(clientId);
});
