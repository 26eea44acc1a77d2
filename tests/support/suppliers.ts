import assert from 'node:assert/strict';
import { type Database, sql } from './database.ts';
import { call } from './http.ts';
import { type Stack, stack } from './stack.ts';

/** A card that the sandbox has sold. */
export interface Sold {
  clientRequestId: string;
  reference: string;
  brand: string;
  amount: string;
  currency: string;
  code: string;
  pin: string;
  status: 'issued' | 'failed' | 'reversed';
}

/** How a brand is sold. */
export interface Sale {
  /** A number of suppliers of the test's own, or these names, in this order. */
  suppliers?: number | string[];
  isAsync?: boolean;
  deliveryMethod?: 'code' | 'url';
  isReversible?: boolean;
}

/** A brand on sale: its code, and its suppliers, the first one also by itself. */
export interface OnSale {
  brandCode: string;
  supplier: string;
  suppliers: string[];
}

/** Puts a brand on sale at suppliers under a code of its own. */
export async function sell(
  brandId: string,
  { suppliers: wanted = 1, isAsync = false, deliveryMethod = 'code', isReversible = true }: Sale = {},
  { database = sql, on = stack }: { database?: Database; on?: Stack } = {},
): Promise<OnSale> {
  const brandCode = `brand-${crypto.randomUUID()}`;
  const suppliers = typeof wanted === 'number' ? await ownSuppliers(wanted) : wanted;
  for (const [index, name] of suppliers.entries()) {
    const isKnown = await atCounter(on, name, 'brands', { slug: brandCode, isAsynchronous: isAsync, isReversible });
    assert.ok(isKnown || Array.isArray(wanted), `${name} has no account: more tests buy than there are spare ones`);
    await database`
      with supplier as (
        insert into public.gift_card_suppliers (name, priority, requests_per_minute)
        values (${name}, ${10 * (index + 1)}, 1000000)
        on conflict on constraint gift_card_suppliers_name_is_unique do update
        set priority = excluded.priority, requests_per_minute = excluded.requests_per_minute returning id)
      insert into public.supplier_brands (supplier_id, brand_id, brand_code, is_async, delivery_method)
      select id, ${brandId}, ${brandCode}, ${isAsync}, ${deliveryMethod} from supplier`;
  }
  return { brandCode, supplier: suppliers[0], suppliers };
}

/** Suppliers that no other test uses, so that a test can break its own. */
async function ownSuppliers(howMany: number): Promise<string[]> {
  const names: string[] = [];
  for (let number = 1; names.length < howMany; number++) {
    const [taken] = await sql`
      insert into public.gift_card_suppliers (name) values (${`spare_${number}`})
      on conflict on constraint gift_card_suppliers_name_is_unique do nothing returning name`;
    if (taken) names.push(taken.name);
  }
  return names;
}

/** Takes a brand off sale; cards that were bought are kept. */
export async function stopSelling(brandId: string): Promise<void> {
  await sql`update public.supplier_brands set is_enabled = false where brand_id = ${brandId}`;
}

/** The cards of a brand that a supplier has sold and not reversed. */
export async function soldBy(name: string, brandCode: string, on: Stack = stack): Promise<Sold[]> {
  const response = await fetch(`${on.sandboxUrl}/_suppliers/${name}/cards?brand=${brandCode}`);
  return (await response.json() as Sold[]).filter(({ status }) => status === 'issued');
}

/** Makes a supplier fail for a brand: `kind` is one of Tillo's codes or a kind of missing answer. */
export async function failAt(
  name: string,
  to: string,
  kind: string,
  { times = 1, holdMs = 0, on = stack }: { times?: number; holdMs?: number; on?: Stack } = {},
): Promise<void> {
  const order = { provider: name, to, kind, times, holdMs };
  const response = await fetch(`${on.sandboxUrl}/_faults`, { method: 'POST', body: JSON.stringify(order) });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}

/** Clears the faults of a brand's suppliers. */
export async function mend(brandCode: string): Promise<void> {
  const response = await fetch(`${stack.sandboxUrl}/_faults?to=${brandCode}`, { method: 'DELETE' });
  assert.equal(response.status, 204);
}

/** Changes a supplier's state in the sandbox: `floats`, `brands` or `backdate`; false when there is no such supplier. */
export async function atCounter(on: Stack, name: string, thing: string, order: object): Promise<boolean> {
  const url = `${on.sandboxUrl}/_suppliers/${name}/${thing}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(order) });
  const text = await response.text();
  if (!response.ok && response.status !== 404) throw new Error(text);
  return response.ok;
}

/** Triggers a job once and waits for the end of its round. */
export function trigger(job: string, on: Stack = stack) {
  return call('jobs', { job }, { key: null, headers: { 'x-jobs-token': on.jobsToken, 'x-local-settled': 'yes' }, on });
}

/** Makes a campaign's supplier purchases due now. */
export async function hurry(campaignId: string, database: Database = sql): Promise<void> {
  await database`
    update public.gift_card_purchases set next_attempt_at = now() where campaign_id = ${campaignId} and ended_at is null`;
}

/** Makes a campaign's pending rewards due now, too. */
export async function hurryDebts(campaignId: string, database: Database = sql): Promise<void> {
  await hurry(campaignId, database);
  await database`
    update public.pending_rewards set next_attempt_at = now() where campaign_id = ${campaignId} and status like 'awaiting%'`;
}
