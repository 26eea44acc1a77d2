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
  suppliers?: string[];
  isAsync?: boolean;
  deliveryMethod?: 'code' | 'url';
  isReversible?: boolean;
}

/** Has suppliers sell a brand under a code of its own, in the order they are named; returns the code. */
export async function sell(
  brandId: string,
  { suppliers = ['tillo'], isAsync = false, deliveryMethod = 'code', isReversible = true }: Sale = {},
  { database = sql, on = stack }: { database?: Database; on?: Stack } = {},
): Promise<string> {
  const brandCode = `brand-${crypto.randomUUID()}`;
  for (const [index, name] of suppliers.entries()) {
    // Fast enough for every test, and forgiven what an earlier one did to it.
    await database`
      with supplier as (
        insert into public.gift_card_suppliers as s (name, priority, requests_per_minute)
        values (${name}, ${10 * (index + 1)}, 1000000)
        on conflict on constraint gift_card_suppliers_name_is_unique do update
        set requests_per_minute = 1000000, failures = 0, paused_until = null returning id)
      insert into public.supplier_brands (supplier_id, brand_id, brand_code, is_async, delivery_method)
      select id, ${brandId}, ${brandCode}, ${isAsync}, ${deliveryMethod} from supplier`;
    if (!/^tillo2?$/.test(name)) continue;
    await atCounter(on, name, 'brands', { slug: brandCode, isAsynchronous: isAsync, isReversible });
  }
  return brandCode;
}

/** The cards of a brand that a supplier has sold, and still counts as sold. */
export async function soldBy(name: string, brandCode: string, on: Stack = stack): Promise<Sold[]> {
  const response = await fetch(`${on.sandboxUrl}/_suppliers/${name}/cards?brand=${brandCode}`);
  return (await response.json() as Sold[]).filter(({ status }) => status === 'issued');
}

/** Has a supplier fail for a brand: `kind` is one of Tillo's codes or a kind of silence. */
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

/** Changes something behind a supplier's counter: `floats`, `brands` or `backdate`. */
export async function atCounter(on: Stack, name: string, thing: string, order: object): Promise<void> {
  const url = `${on.sandboxUrl}/_suppliers/${name}/${thing}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(order) });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}

/** Rings a job once. */
export function ring(job: string, on: Stack = stack) {
  return call('jobs', { job }, { key: on.jobsKey, on });
}

/** Makes every open purchase due now. */
export async function hurry(database: Database = sql): Promise<void> {
  await database`update public.gift_card_purchases set next_attempt_at = now() where ended_at is null`;
}
