import { stack } from './stack.ts';
import { eventually } from './eventually.ts';

/** A message that a provider has accepted. */
export interface Message {
  provider: string;
  sid: string;
  to: string;
  subject?: string;
  body: string;
  html?: string;
  status: string;
  headers?: Record<string, string>;
}

/** The messages to an address, oldest first. */
export async function messagesTo(to: string, url = stack.sandboxUrl): Promise<Message[]> {
  const response = await fetch(`${url}/_messages?to=${encodeURIComponent(to)}`);
  return (await response.json()).reverse();
}

/** Waits for the first message to an address. */
export async function messageTo(to: string): Promise<Message> {
  return (await eventually(`a message to ${to}`, async () => {
    const messages = await messagesTo(to);
    return messages.length > 0 && messages;
  }))[0];
}

/** Makes a provider fail for an address: `kind` is an HTTP status, an error code or a kind of timeout or callback. */
export async function order(fault: {
  provider: 'twilio' | 'sendgrid' | 'webhook';
  to: string;
  kind: string;
  times?: number;
  holdMs?: number;
  callbacks?: string[];
}): Promise<void> {
  const response = await fetch(`${stack.sandboxUrl}/_faults`, { method: 'POST', body: JSON.stringify(fault) });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}

/** The result of an inbound SMS. */
export interface Written {
  messageSid: string;
  status: number;
  twiml: string;
  answers: string[];
}

/** Sends an SMS from a phone to the platform's number; `messageSid` repeats an earlier one. */
export function writeSms(
  from: string,
  body: string,
  more: { optOutType?: string; messageSid?: string; to?: string; again?: Record<string, string> } = {},
): Promise<Written> {
  return atDesk('_inbound', { from, body, ...more });
}

/** The result of a batch of events, and the batch. */
export interface Told {
  status: number;
  answer: string;
  sent: { headers: Record<string, string>; body: string };
}

/** Sends a batch of SendGrid events, signed now or at another time. */
export function tellEvents(batch: unknown, seconds?: number): Promise<Told> {
  return atDesk('_events', { batch, seconds });
}

async function atDesk<Answer>(path: string, order: unknown): Promise<Answer> {
  const response = await fetch(`${stack.sandboxUrl}/${path}`, { method: 'POST', body: JSON.stringify(order) });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}
