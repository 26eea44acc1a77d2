import { createHmac, randomBytes } from 'node:crypto';
import type { World } from './provider.ts';
import type { Account } from './stripe_account.ts';

/** How a webhook is delivered; by default once and at once. */
export interface Order {
  /** Number of deliveries; 0 for none. */
  times?: number;
  /** Milliseconds before the first delivery. */
  afterMs?: number;
  livemode?: boolean;
  id?: string;
  /** Fields of the payment that differ from its state. */
  change?: Record<string, unknown>;
}

const SOON_MS = 20;
const RETRY_MS = 1000;
const TRIES = 30;

/** Sends an event to the account's webhook, signed; retried until accepted, as by Stripe. */
export function announce(world: World, account: Account, type: string, object: unknown, order: Order) {
  const { times = 1, afterMs = SOON_MS, livemode = false, id = `evt_${randomBytes(12).toString('hex')}` } = order;
  const event = { id, object: 'event', type, livemode, created: seconds(), data: { object } };
  const body = JSON.stringify(event);
  for (let time = 0; time < times; time++) {
    world.later(afterMs, () => post(world, account, body, TRIES));
  }
  return event;
}

/** The header over a body: a timestamp, and the HMAC-SHA256 of both. */
export function signatureOf(secret: string, body: string, timestamp = seconds()): string {
  return `t=${timestamp},v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

async function post(world: World, account: Account, body: string, tries: number): Promise<void> {
  const isTaken = await fetch(account.webhookUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': signatureOf(account.webhookSecret, body) },
    body,
  }).then(async (response) => (await response.body?.cancel(), response.ok), () => false);
  if (!isTaken && tries > 1) world.later(RETRY_MS, () => post(world, account, body, tries - 1));
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
