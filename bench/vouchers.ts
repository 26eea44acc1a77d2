/** Redemptions over many vouchers and on one that everybody wants, the dry run, and a hundred thousand codes at once. */
import { type Client, connect, perSecond, report } from './measure.ts';
import { signUp, slowest } from './over_http.ts';

const clientCounts = [1, 8, 64];
const seconds = 4;
const customers = 40_000;
const vouchers = 1000;

interface Shop {
  client: string;
  customers: string[];
  codes: string[];
}

/** Prints redemptions per second as ratios to the floor, the time of a bulk creation, and the slowest answers over HTTP. */
export async function redemptions(): Promise<void> {
  const database = connect();
  const shop = await openShop(database);
  await createFloor(database);
  await measure(`Redemption over ${vouchers} vouchers`, shop, (n) => shop.codes[n % vouchers], vouchers);
  await measure('Redemption of one voucher that everybody wants', shop, () => 'HOT-VOUCHER', 1);
  await bulk(database, shop);
  await overHttp(database, shop);
  await database.end();
}

/** One floor transaction is a guarded update of one of so many rows, an insert and a commit. */
async function measure(title: string, { customers }: Shop, codeOf: (n: number) => string, rows: number): Promise<void> {
  console.log(`\n${title} (floor: one guarded update, one insert, commit)`);
  for (const clients of clientCounts) {
    const floor = await perSecond(
      clients,
      seconds,
      (client) => client`select bench.use(${Math.floor(Math.random() * rows)})`,
    );
    report(`${clients} clients: floor`, floor);
    const rate = await perSecond(clients, seconds, async (client) => {
      const n = next++;
      if (n >= customers.length) throw new Error('There are not enough customers');
      const request = `(${crypto.randomUUID()},${customers[n]},${addressOf(n)},,)`;
      const [{ answer }] = await client`
        select public.redeem_voucher(${codeOf(n)}, null, null, ${request}) ->> 'outcome' as answer`;
      if (answer !== 'ok') throw new Error(`A redemption was ${answer}`);
    });
    report(`${clients} clients: redeem_voucher, whole but for a message`, rate, floor);
  }
}

let next = 0;

const addressOf = (n: number) => `10.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255}`;

/** Its customers have phones and no mail addresses, or the stack would be busy sending meanwhile. */
async function openShop(database: Client): Promise<Shop> {
  const [{ client }] = await database`select tests.create_client() as client`;
  const people = await database`
    with users as (
      insert into auth.users (id, phone)
      select gen_random_uuid(), 12000000000 + n from generate_series(1, ${customers}::int) n returning id)
    insert into public.memberships (user_id, role, client_id) select id, 'customer', ${client} from users returning user_id`;
  const made = await database`
    insert into public.vouchers (client_id, code, type, value)
    select ${client}, coalesce(c, 'HOT-VOUCHER'), 'credit', 50
    from (select private.generate_codes('****-****-****', ${vouchers}) as c union all select null) c returning code`;
  await database.unsafe('analyze auth.users; analyze public.memberships; analyze public.vouchers').simple();
  const codes = made.map(({ code }) => code as string).filter((code) => code !== 'HOT-VOUCHER');
  return { client, codes, customers: people.map(({ user_id }) => user_id) };
}

async function createFloor(database: Client): Promise<void> {
  await database.unsafe(`
    create schema if not exists bench;
    create table bench.limits (id int primary key, used int not null default 0);
    insert into bench.limits select n from generate_series(0, ${vouchers - 1}) n;
    create table bench.uses (id bigint generated always as identity primary key, limit_id int not null);
    create function bench.use(which int) returns void language plpgsql as $$
    begin
      update bench.limits set used = used + 1 where id = which and used < 1000000000;
      insert into bench.uses (limit_id) values (which);
    end $$;`).simple();
}

async function bulk(database: Client, { client }: Shop): Promise<void> {
  console.log('\nVouchers made in one call (target: 100,000 in 10 s)');
  const [{ admin }] = await database`select tests.create_user('client_admin', ${client}) as admin`;
  for (const count of [10_000, 100_000]) {
    const startedAt = performance.now();
    const created = await database.begin(async (own) => {
      await own`select tests.sign_in(${admin})`;
      const [{ batch }] = await own`
        select public.create_vouchers(${client}, ${count}, '{"type": "credit", "value": 5}',
          idempotency_key => ${crypto.randomUUID()}) as batch`;
      return new Set(batch.codes).size;
    });
    const took = (performance.now() - startedAt) / 1000;
    console.log(`${`${created} different codes`.padEnd(64)} ${took.toFixed(2)} s`);
  }
}

/** The slowest one in a hundred, asked by so many customers at once through the function. */
async function overHttp(database: Client, { client }: Shop): Promise<void> {
  console.log('\nredeem-voucher over HTTP, 64 customers at once (target: 2 s for 99 of 100)');
  const clients = 64;
  const rounds = 10;
  const tokens = (await signUp(database, client, clients)).map(({ token }) => token);
  const codes = await database`
    insert into public.vouchers (client_id, code, type, value)
    select ${client}, c, 'credit', 50 from private.generate_codes('****-****-****', ${rounds + 1}) c returning code`;
  const { p50, p99, failures } = await slowest(
    'redeem-voucher',
    tokens.map((token) => codes.map(({ code }) => ({ token, body: { code } }))),
  );
  console.log(`${`${clients * rounds} redemptions, ${failures} failed`.padEnd(64)} p50 ${p50} ms, p99 ${p99} ms`);
}
