import { sql } from './database.ts';
import { eventually } from './eventually.ts';
import { type Call, call } from './http.ts';
import type { Promised, Recipient } from './promise.ts';
import { stack } from './stack.ts';

/** Redeems a code as a web form does, by default without a message. */
export function redeem(redemptionCode: string, body: Record<string, unknown> = {}, options: Call = {}) {
  const form = { redemptionCode, deliveryMethod: 'none', ...body };
  return call('redeem-gift-card', form, { key: stack.publishableKey, ...options });
}

/** Provisions a recipient's card as a server does, by default without a message. */
export function provision(
  { campaignId, recipient }: Pick<Promised, 'campaignId' | 'recipient'>,
  body: Record<string, unknown> = {},
  options: Call = {},
) {
  return call('provision-gift-card-unified', { campaignId, recipientId: recipient.id, ...body }, options);
}

/** Provisions a card by SMS; returns the ids of card and delivery. */
export async function provisionBySms(promised: Promised, recipient: Recipient = promised.recipient) {
  const { body } = await provision({ ...promised, recipient }, { deliveryMethod: 'sms' });
  return { giftCardId: body.giftCard.id as string, deliveryId: body.delivery.id as string };
}

/** Waits until a delivery has a status; retries skip their back-off. */
export function deliveryIs(status: string, deliveryId: string) {
  return eventually(`delivery ${deliveryId} is ${status}`, async () => {
    await sql`update public.deliveries set next_attempt_at = now() where id = ${deliveryId} and status = 'queued'`;
    const [delivery] = await sql`select * from public.deliveries where id = ${deliveryId} and status = ${status}`;
    return delivery;
  });
}

/** The trace of a request, in order. */
export function traceOf(requestId: string) {
  return sql`
    select step_number, step_name, status, error_code, campaign_id, recipient_id, client_id
    from public.gift_card_provisioning_trace where request_id = ${requestId} order by step_number`;
}

/** Cancels a campaign's pending rewards, so that no job fulfils them first. */
export async function forgetDebts(campaignId: string): Promise<void> {
  await sql`
    update public.pending_rewards set status = 'cancelled'
    where campaign_id = ${campaignId} and status like 'awaiting%'`;
}

/** The exact counters of a pool. */
export async function countersOf(poolId: string) {
  const [counters] = await sql`
    select total_cards as total, available_cards as available, claimed_cards as claimed, delivered_cards as delivered
    from public.gift_card_pools where id = ${poolId}`;
  return { ...counters };
}
