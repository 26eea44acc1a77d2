import assert from 'node:assert/strict';
import { connect, type Database } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Answer, call } from '../support/http.ts';
import { OwnStack, type Part } from '../support/own_stack.ts';
import { seeded, seedFrom } from '../support/random.ts';
import { addClient, assertBooksAgree, type Intent, topUp } from '../support/shop.ts';
import { uniqueEmail } from '../support/unique.ts';

const BUYERS = 60;
const AT_ONCE = 6;
const BIZCOINS = 30;
const PATIENCE_SECONDS = 90;

// What a buyer may hear while a part is down; anything else would be a wrong answer.
const OUTAGES = ['no answer', 'RB-500', 'RB-502', 'VC-028', 'WORKER_ERROR'];

// Between hold and capture stand the processor's calls and its webhook: each part dies meanwhile.
const DEATHS: Part[][] = [['postgres'], ['gateway'], ['postgres', 'gateway', 'sandbox', 'cli'], ['postgres']];

const seed = seedFrom('CHAOS_SEED');
const random = seeded(seed);

/** A customer who buys a package and either pays or cancels. */
interface Buyer {
  id: string;
  token: string;
  pays: boolean;
}

interface Shop {
  stack: OwnStack;
  clientId: string;
  packageId: string;
  failures: Map<string, number>;
  done: number;
}

Deno.test('purchase-package: processes killed between hold and capture → the package once, or the bizcoins released', async () => {
  const stack = await OwnStack.begin();
  const sql = connect(stack.facts.dbUrl, 8);
  try {
    const shop = await open(stack, sql);
    const buyers = await Promise.all(Array.from({ length: BUYERS }, (_, n) => signUp(shop, sql, n % 2 === 0)));
    const waiting = [...buyers];
    const shopping = Array.from({ length: AT_ONCE }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) await buy(shop, next);
    });
    const deaths = await killNowAndThen(shop);
    await Promise.all(shopping);
    await untilSettled(sql);
    console.log(`chaos: CHAOS_SEED=${seed}\n  ${deaths.join('\n  ')}`);
    console.log(`  refused meanwhile: ${JSON.stringify(Object.fromEntries(shop.failures))}`);
    assert.deepEqual([...shop.failures.keys()].filter((what) => !OUTAGES.includes(what)), []);
    await assertNothingLost(shop, sql, buyers);
  } finally {
    await sql.end({ timeout: 1 });
    await stack.end();
  }
});

async function open(stack: OwnStack, sql: Database): Promise<Shop> {
  const clientId = await addClient(sql);
  const [{ id: packageId }] = await sql`
    insert into public.packages (client_id, name, price, duration_days, messages)
    values (${clientId}, 'Starter', 49, 30, 100) returning id`;
  return { stack, clientId, packageId, failures: new Map(), done: 0 };
}

async function signUp({ stack, clientId }: Shop, sql: Database, pays: boolean): Promise<Buyer> {
  const response = await fetch(`${stack.facts.apiUrl}/auth/v1/signup`, {
    method: 'POST',
    headers: { apikey: stack.facts.publishableKey, 'content-type': 'application/json' },
    body: JSON.stringify({ email: uniqueEmail(), password: 'correct horse battery staple' }),
  });
  const { access_token: token, user: { id } } = await response.json();
  await sql`insert into public.memberships (user_id, role, client_id) values (${id}, 'customer', ${clientId})`;
  await topUp(clientId, id, BIZCOINS, sql);
  return { id, token, pays };
}

/** Starts a purchase and pays or cancels it, repeating calls until they succeed. */
async function buy(shop: Shop, { token, pays }: Buyer): Promise<void> {
  const { stack: { facts }, packageId } = shop;
  const options = () => ({ on: facts, token });
  const begun = await asked(shop, () => call('purchase-package', { packageId, bizcoins: BIZCOINS }, options()));
  const { purchaseId, clientSecret } = begun.body;
  if (pays) {
    await asked(shop, () => pay(shop.stack, clientSecret.replace(/_secret_.*/, '')));
    await asked(shop, async () => {
      const answer = await call('purchase-package', { purchaseId }, options());
      return answer.body?.status === 'completed'
        ? answer
        : { ...answer, status: answer.status === 200 ? 0 : answer.status };
    });
  } else {
    await asked(shop, () => call('cancel-package-purchase', { purchaseId }, options()));
  }
  shop.done++;
}

async function pay({ facts }: OwnStack, intentId: string): Promise<Answer> {
  const response = await fetch(`${facts.sandboxUrl}/_stripe/payment_intents/${intentId}/succeed`, {
    method: 'POST',
    body: '{}',
  });
  return { status: response.status, headers: response.headers, text: await response.text(), body: undefined };
}

/** Asks until the answer is a success, and notes what else was heard; a status of nought is patience, not a failure. */
async function asked({ failures }: Shop, ask: () => Promise<Answer>): Promise<Answer> {
  while (true) {
    try {
      const answer = await ask();
      if (answer.status === 200) return answer;
      const what = answer.body?.error?.code ?? answer.body?.code ?? `HTTP ${answer.status} ${answer.text}`;
      if (answer.status > 0) failures.set(what, (failures.get(what) ?? 0) + 1);
    } catch {
      failures.set('no answer', (failures.get('no answer') ?? 0) + 1);
    }
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

async function killNowAndThen(shop: Shop): Promise<string[]> {
  const report: string[] = [];
  for (const [index, parts] of DEATHS.entries()) {
    const goal = Math.floor(BUYERS * (index + 0.2 + random() * 0.6) / DEATHS.length);
    await eventually(`${goal} purchases are done`, () => Promise.resolve(shop.done >= goal), PATIENCE_SECONDS);
    await new Promise((resume) => setTimeout(resume, random() * 100));
    report.push(`${parts.join('+')} after ${shop.done} purchases`);
    await shop.stack.kill(...parts);
    await shop.stack.start();
  }
  return report;
}

/** Has the job ask about whatever is open, until nothing is. */
async function untilSettled(sql: Database): Promise<void> {
  await eventually('every purchase is settled', async () => {
    await sql`update public.package_purchases set next_check_at = now() where status = 'awaiting_payment'`;
    const [{ open }] = await sql`
      select count(*) as open from public.package_purchases where status = 'awaiting_payment'`;
    return open === 0;
  }, PATIENCE_SECONDS);
}

async function assertNothingLost({ stack, clientId }: Shop, sql: Database, buyers: Buyer[]): Promise<void> {
  const intents: Intent[] = await (await fetch(`${stack.facts.sandboxUrl}/_stripe/payment_intents?client=${clientId}`))
    .json();
  assert.equal(intents.length, BUYERS, 'one payment for each purchase, however often it was asked for');
  const wallets = await sql`
    select b.user_id, b.balance, b.held, (
      select count(*) from public.customer_packages cp where cp.user_id = b.user_id and cp.status = 'active') as packages,
      (select array_agg(p.status) from public.package_purchases p where p.user_id = b.user_id) as purchases
    from public.wallet_balances b where b.client_id = ${clientId} and b.asset = 'bizcoin'`;
  const byUser = new Map(wallets.map((wallet) => [wallet.user_id, wallet]));
  for (const { id, pays } of buyers) {
    const { balance, held, packages, purchases } = byUser.get(id)!;
    assert.deepEqual(
      [balance, held, packages, purchases],
      pays ? [0, 0, 1, ['completed']] : [BIZCOINS, 0, 0, ['cancelled']],
    );
  }
  assert.equal(intents.filter(({ status }) => status === 'succeeded').length, BUYERS / 2);
  assert.equal(intents.filter(({ status }) => status === 'canceled').length, BUYERS / 2);
  await assertBooksAgree(sql);
}
