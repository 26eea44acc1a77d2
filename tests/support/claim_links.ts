import { sql } from './database.ts';
import { type Call, call } from './http.ts';
import { stack } from './stack.ts';
import type { Message } from './sandbox.ts';

/** The tokens of the claim links in a message. */
export function tokensIn({ body }: Message): string[] {
  return Array.from(body.matchAll(/https:\/\/shop\.example\/gift-card#([\w-]+)/g), ([, token]) => token);
}

/** A new device id, as the shop's page stores one. */
export function newDevice(): string {
  return crypto.randomUUID();
}

/** Opens a claim link as the shop's page does. */
export function open(token: string, device = newDevice(), options: Call = {}) {
  return call('reveal-gift-card', { token, device }, { key: stack.publishableKey, ...options });
}

/** Makes claim links required for a campaign. */
export async function demandLinks(campaignId: string): Promise<void> {
  await sql`update public.campaigns set requires_claim_link = true where id = ${campaignId}`;
}
