import { Buffer } from 'node:buffer';
import { createHash, createPrivateKey, sign } from 'node:crypto';
import type { Fault } from './faults.ts';
import type { StandIn, World } from './provider.ts';
import type { Message } from './store.ts';

const STEP_MS = 150;

/** Where events go, and the key (base64 of PKCS #8) that signs them. */
export interface Events {
  url: string;
  privateKey: string;
}

const SEQUENCES: Record<string, string[]> = {
  duplicate_callbacks: ['processed', 'processed', 'delivered', 'delivered', 'processed'],
  reversed_callbacks: ['delivered', 'processed'],
  undelivered: ['processed', 'bounce'],
  failed: ['dropped'],
};

// Names of faults whose SendGrid events are spelled otherwise.
const DETAILS: Record<string, Record<string, string>> = {
  bounce: { event: 'bounce', type: 'bounce', status: '5.1.1', reason: '550 5.1.1 no such user' },
  blocked: { event: 'bounce', type: 'blocked', status: '4.7.0', reason: '421 try again later' },
  dropped: { event: 'dropped', reason: 'Bounced Address' },
  deferred: { event: 'deferred', response: '451 greylisted', attempt: '1' },
};

/** Moves an e-mail through its statuses and sends an event for each, as SendGrid's Event Webhook does, in batches of one. */
export function tellEvents(world: World, events: Events, message: Message, fault: Fault | undefined): void {
  const names = fault?.callbacks ?? SEQUENCES[fault?.kind ?? ''] ?? ['processed', 'delivered'];
  names.forEach((name, step) => world.later((step + 1) * STEP_MS, () => post(events, [eventOf(message, name)])));
}

/** The headers that sign a body at a time. */
export function signEvents(privateKey: string, body: string, seconds = Math.floor(Date.now() / 1000)) {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  return {
    'x-twilio-email-event-webhook-timestamp': String(seconds),
    'x-twilio-email-event-webhook-signature': sign('sha256', Buffer.from(`${seconds}${body}`), key).toString('base64'),
  };
}

// The same step of the same message has the same id in each repetition.
function eventOf({ sid, to, tags }: Message, name: string): Record<string, unknown> {
  return {
    email: to,
    timestamp: Math.floor(Date.now() / 1000),
    event: name,
    ...DETAILS[name],
    sg_event_id: createHash('sha256').update(`${sid} ${name}`).digest('base64url'),
    sg_message_id: `${sid}.recvd-0001-1-00000000-1.0`,
    'smtp-id': `<${sid}@sandbox>`,
    ...tags,
  };
}

async function post({ url, privateKey }: Events, batch: unknown[]): Promise<void> {
  const body = JSON.stringify(batch);
  try {
    const headers = { 'content-type': 'application/json', ...signEvents(privateKey, body) };
    const response = await fetch(url, { method: 'POST', headers, body });
    await response.body?.cancel();
  } catch {
    // SendGrid retries for a day; here a receiver that is away that long has ended.
  }
}

/** `POST /_events` signs a batch of events and sends it, as SendGrid would; shows what was sent and the answer. */
export function eventsControl(events: Events | undefined): StandIn {
  return {
    prefix: '/_events',
    async answer(request) {
      const order: { batch?: unknown; seconds?: number } | null = await request.json().catch(() => null);
      if (request.method !== 'POST' || !events || order?.batch === undefined) {
        return Response.json({ error: 'POST { batch, seconds? }' }, { status: 400 });
      }
      const body = JSON.stringify(order.batch);
      const headers = signEvents(events.privateKey, body, order.seconds);
      const response = await fetch(events.url, { method: 'POST', headers, body });
      return Response.json({ status: response.status, answer: await response.text(), sent: { headers, body } });
    },
  };
}
