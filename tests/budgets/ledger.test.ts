import type postgres from 'postgres';
import { sql } from '../support/database.ts';
import { addClient } from '../support/shop.ts';
import { assertWithin, costOf } from '../support/statements.ts';

/** A client with one wallet of bizcoins, and credit of it and of its agency. */
async function books() {
  const client = await addClient();
  const [row] = await sql`
    select private.ledger_account(${client}, 'user', gen_random_uuid(), 'bizcoin') as wallet,
      private.system_account(${client}, 'issuance', 'bizcoin') as issuance,
      private.system_account(${client}, 'revenue', 'bizcoin') as revenue,
      private.credit_account('agency', c.agency_id, 'USD') as agency,
      private.credit_account('client', c.id, 'USD') as credit
    from public.clients c where c.id = ${client}`;
  await sql`
    select private.post_transfer(${client}, 'topup', ${row.issuance}, ${row.wallet}, 1000, gen_random_uuid()::text),
      private.post_credit('allocation', private.system_account(null, 'issuance', 'credit:USD'), ${row.agency}, 1000,
        gen_random_uuid()::text)`;
  await sql`select private.post_credit('allocation', ${row.agency}, ${row.credit}, 500, gen_random_uuid()::text)`;
  return { client, ...row } as Record<'client' | 'wallet' | 'issuance' | 'revenue' | 'agency' | 'credit', string>;
}

async function idOf(db: postgres.Sql, text: string, values: string[]): Promise<string> {
  const [{ id }] = await db.unsafe(`select (${text}).id`, values);
  return id;
}

const payText = `private.post_transfer($1, 'payment', $2, $3, 1, gen_random_uuid()::text)`;
const holdText = `private.reserve_hold($1, 1, now() + interval '1 hour', gen_random_uuid()::text)`;

Deno.test('post_transfer: a payment from one lot → 5 statements, 6 rows', async () => {
  const { client, wallet, revenue } = await books();
  const cost = await costOf(() => ({ text: `select ${payText}`, values: [client, wallet, revenue] }));
  assertWithin({ statements: 5, rows: 6, walBytes: 2600 }, cost);
});

Deno.test('reserve_hold: a hold in one lot → 4 statements, 4 rows', async () => {
  const { wallet } = await books();
  const cost = await costOf(() => ({ text: `select ${holdText}`, values: [wallet] }));
  assertWithin({ statements: 4, rows: 4, walBytes: 1800 }, cost);
});

Deno.test('capture_hold: a whole hold → 7 statements, 7 rows', async () => {
  const { wallet, revenue } = await books();
  const cost = await costOf(async (db) => ({
    text: 'select private.capture_hold($1, $2)',
    values: [await idOf(db, holdText, [wallet]), revenue],
  }));
  assertWithin({ statements: 7, rows: 7, walBytes: 3300 }, cost);
});

Deno.test('release_hold: a hold in one lot → 3 statements, 3 rows', async () => {
  const { wallet } = await books();
  const cost = await costOf(async (db) => ({
    text: 'select private.release_hold($1)',
    values: [await idOf(db, holdText, [wallet])],
  }));
  assertWithin({ statements: 3, rows: 3, walBytes: 1200 }, cost);
});

Deno.test('reverse_transfer: a whole payment → 10 statements, 6 rows', async () => {
  const { client, wallet, revenue } = await books();
  const cost = await costOf(async (db) => ({
    text: 'select private.reverse_transfer($1, null, gen_random_uuid()::text)',
    values: [await idOf(db, payText, [client, wallet, revenue])],
  }));
  assertWithin({ statements: 10, rows: 6, walBytes: 2800 }, cost);
});

Deno.test('charge_credit: agency and client at once → 7 statements, 12 rows', async () => {
  const { client, agency, credit } = await books();
  const cost = await costOf(() => ({
    text: `select private.charge_credit($1, row($2, $3)::private.payers, row(9, 10)::private.card_prices, 'USD',
      gen_random_uuid()::text, gen_random_uuid(), 'budget')`, // of a type of its own: no bill belongs to it
    values: [client, agency, credit],
  }));
  assertWithin({ statements: 7, rows: 12, walBytes: 5200 }, cost);
});

Deno.test('post_transfers: a hundred credits at once → as many statements as one', async () => {
  const { client, wallet, issuance } = await books();
  const cost = await costOf(() => ({
    text: `select private.post_transfers(array_agg(row($1, 'topup', gen_random_uuid()::text, null, null, null,
      private.entries_between($2, $3, 1))::private.posting)) from generate_series(1, 100)`,
    values: [client, issuance, wallet],
  }));
  assertWithin({ statements: 4, rows: 401, walBytes: 250_000 }, cost);
});
