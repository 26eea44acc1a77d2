import { sql } from './database.ts';
import { type Call, call } from './http.ts';
import { stock } from './promise.ts';

/** A master pool of a brand with so many real cards of 25 USD that had cost 23. */
export async function masterPool(brandId: string, cards: number): Promise<string> {
  const [{ id }] = await sql`
    insert into public.card_pools (brand_id, pool_name, denomination, pool_type, cost_per_card)
    values (${brandId}, 'Master', 25, 'master', 23) returning id`;
  await stock(id, cards);
  return id;
}

/** Sells cards of a master pool for 24.50 each, by default as a server does. */
export function sell(
  masterPoolId: string,
  buyerClientId: string,
  quantity: number,
  body: Record<string, unknown> = {},
  options: Call = {},
) {
  return call('sell-gift-cards', { masterPoolId, buyerClientId, quantity, pricePerCard: 24.5, ...body }, options);
}

/** Makes a client, or its agency, prepaid with so much credit; what was billed on invoice before stays so. */
export async function giveCredit(clientId: string, amount: number, billingEntity = 'client'): Promise<void> {
  await sql`
    select private.post_credit('allocation', private.system_account(null, 'issuance', 'credit:USD'),
      private.credit_account('agency', c.agency_id, 'USD'), ${amount}::numeric, ${crypto.randomUUID()})
    from public.clients c where c.id = ${clientId} and ${amount}::numeric > 0`;
  if (billingEntity === 'agency') {
    await sql`
      update public.agencies a set prepaid_since = coalesce(a.prepaid_since, now() - interval '1 hour')
      from public.clients c where c.id = ${clientId} and a.id = c.agency_id`;
    return;
  }
  await sql`
    update public.clients c set prepaid_since = now() - case when exists (
      select from public.billing_transactions b where b.client_id = c.id) then interval '0' else interval '1 hour' end
    -- Who was prepaid stays so: a job that began a moment before the new date would buy on invoice.
    where c.id = ${clientId} and c.prepaid_since is null`;
  await sql`
    select private.post_credit('allocation', private.credit_account('agency', c.agency_id, 'USD'),
      private.credit_account('client', c.id, 'USD'), ${amount}::numeric, ${crypto.randomUUID()})
    from public.clients c where c.id = ${clientId} and ${amount}::numeric > 0`;
}

/** The USD credit of a client or another account. */
export async function creditOf(ownerId: string): Promise<number | undefined> {
  const [account] = await sql`
    select balance::float8 as balance from public.ledger_accounts where owner_id = ${ownerId} and asset = 'credit:USD'`;
  return account?.balance;
}
