import assert from 'node:assert/strict';
import { type Database, sql } from './database.ts';
import { eventually } from './eventually.ts';
import { type Answer, call } from './http.ts';
import { type Person, signUpAs } from './people.ts';
import { type Message, messagesTo } from './sandbox.ts';
import { stack } from './stack.ts';

/** A separate tenant with a package and a customer. */
export interface Shop {
  clientId: string;
  packageId: string;
  customer: Person;
}

/** A payment as the sandbox has it. */
export interface Intent {
  id: string;
  status: string;
  amount: number;
  amount_received: number;
  currency: string;
  client_secret: string;
  metadata: Record<string, string>;
}

interface Refund {
  id: string;
  payment_intent: string;
  amount: number;
  currency: string;
  metadata: Record<string, string>;
}

/** Options of the shop; omitted ones are valid. */
export interface Wishes {
  price?: number;
  bizcoins?: number;
  messages?: number;
  currency?: string;
}

/** Creates a shop. */
export async function openShop(wishes: Wishes = {}): Promise<Shop> {
  const { price = 49, bizcoins = 30, messages = 100, currency = 'USD' } = wishes;
  const clientId = await addClient();
  const customer = await signUpAs('customer', clientId);
  const packageId = await addPackage(clientId, price, messages, currency);
  if (bizcoins > 0) await topUp(clientId, customer.id, bizcoins);
  return { clientId, packageId, customer };
}

/** Creates a package; returns its id. */
export async function addPackage(clientId: string, price = 49, messages = 100, currency = 'USD'): Promise<string> {
  const [{ id }] = await sql`
    insert into public.packages (client_id, name, price, currency, duration_days, messages)
    values (${clientId}, 'Starter', ${price}, ${currency}, 30, ${messages}) returning id`;
  return id;
}

/** A client and nothing else. */
export async function addClient(database: Database = sql): Promise<string> {
  const name = crypto.randomUUID();
  const [{ id }] = await database`
    with agency as (
      insert into public.agencies (name, slug) values ('Agency', ${'agency-' + name}) returning id)
    insert into public.clients (agency_id, name, slug) select id, 'Client', ${
    'client-' + name
  } from agency returning id`;
  return id;
}

/** Credits bizcoins to a customer. */
export async function topUp(clientId: string, userId: string, amount: number, database: Database = sql) {
  await database`
    select private.post_transfer(${clientId}, 'topup', private.system_account(${clientId}, 'issuance', 'bizcoin'),
      private.ledger_account(${clientId}, 'user', ${userId}, 'bizcoin'), ${amount}, gen_random_uuid()::text)`;
}

/** Calls purchase-package as the customer. */
export function purchase(
  { customer, packageId }: Shop,
  body: Record<string, unknown> = {},
  idempotencyKey?: string,
): Promise<Answer> {
  return call('purchase-package', { packageId, ...body }, { token: customer.token, idempotencyKey });
}

/** Starts a purchase and asserts success; returns its id. */
export async function begin(shop: Shop, bizcoins = 0): Promise<string> {
  const { status, body, text } = await purchase(shop, { bizcoins });
  assert.equal(status, 200, text);
  return body.purchaseId;
}

/** The customer's balance, and how much of it is held. */
export async function walletOf({ customer, clientId }: Shop): Promise<{ balance: number; held: number }> {
  const [wallet] = await sql`
    select balance, held from public.wallet_balances
    where user_id = ${customer.id} and client_id = ${clientId} and asset = 'bizcoin'`;
  return { balance: wallet?.balance ?? 0, held: wallet?.held ?? 0 };
}

/** The customer's packages, the oldest first. */
export function packagesOf({ customer }: Shop) {
  return sql`select * from public.customer_packages where user_id = ${customer.id} order by created_at`;
}

/** The payments of a shop, the oldest first. */
export async function intentsOf({ clientId }: Pick<Shop, 'clientId'>, url = stack.sandboxUrl): Promise<Intent[]> {
  return (await fetch(`${url}/_stripe/payment_intents?client=${clientId}`)).json();
}

/** The refunds of a payment in the sandbox. */
export async function refundsOf(intentId: string): Promise<Refund[]> {
  const refunds: Refund[] = await (await fetch(`${stack.sandboxUrl}/_stripe/refunds`)).json();
  return refunds.filter(({ payment_intent }) => payment_intent === intentId);
}

/** Acts as the customer's bank: succeed, fail, process, cancel or dispute. */
export async function bank(
  action: string,
  intentId: string,
  order: Record<string, unknown> = {},
  url = stack.sandboxUrl,
): Promise<void> {
  const response = await fetch(`${url}/_stripe/payment_intents/${intentId}/${action}`, {
    method: 'POST',
    body: JSON.stringify(order),
  });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}

/** Makes Stripe fail for a shop's calls of one kind (create, retrieve, cancel, refund) until cleared. */
export async function whileFailing<Result>(
  { clientId }: Shop,
  operation: string,
  kind: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const to = `${clientId}/${operation}`;
  // Many, because the runtime repeats a request whose kept-alive connection breaks.
  const fault = { provider: 'stripe', to, kind, times: 100, holdMs: 0 };
  await (await fetch(`${stack.sandboxUrl}/_faults`, { method: 'POST', body: JSON.stringify(fault) })).body?.cancel();
  try {
    return await work();
  } finally {
    await (await fetch(`${stack.sandboxUrl}/_faults?to=${to}`, { method: 'DELETE' })).body?.cancel();
  }
}

/** Waits until a purchase has a status. */
export function purchaseIs(status: string, purchaseId: string, database: Database = sql) {
  return eventually(`purchase ${purchaseId} is ${status}`, async () => {
    const [row] =
      await database`select * from public.package_purchases where id = ${purchaseId} and status = ${status}`;
    return row;
  });
}

/** The messages to a customer about a purchase, made due now, because the next round has those of other tests first. */
export async function noticeOf(purchaseId: string, notice: string): Promise<Message> {
  const { id, deliver_to } = await eventually(`${notice} is written`, async () => {
    const [row] = await sql`
      select id, deliver_to from public.deliveries where subject_id = ${purchaseId} and notice = ${notice}`;
    return row;
  });
  await call('jobs', { job: 'deliveries', deliveryId: id }, { key: stack.jobsKey });
  return await eventually(`${notice} has arrived`, async () => {
    const [{ provider_message_id: sid }] =
      await sql`select provider_message_id from public.deliveries where id = ${id}`;
    return (await messagesTo(deliver_to)).find((message) => message.sid === sid);
  });
}

/** Makes a purchase due for the job now. */
export async function checkNow(purchaseId: string, isPastItsTime = false): Promise<void> {
  await sql`
    update public.package_purchases set next_check_at = now(),
      expires_at = case when ${isPastItsTime} then now() else expires_at end
    where id = ${purchaseId} and status = 'awaiting_payment'`;
}

/** Fails unless the invariants of purchases and ledger hold. */
export async function assertBooksAgree(database: Database = sql): Promise<void> {
  assert.deepEqual([...await database`select * from private.ledger_imbalances`], []);
  assert.deepEqual([...await database`select * from private.purchases_off`], []);
  assert.deepEqual([...await database`select * from private.refunds_off`], []);
  assert.deepEqual([...await database`select * from private.packages_off`], []);
}
