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

/** What the sandbox has taken for an address, oldest first. */
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

/** Has a provider fail for an address: `kind` is an HTTP status, an error code or a kind of timeout or callback. */
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

/** What came of something that a sandbox's phone wrote. */
export interface Written {
  messageSid: string;
  status: number;
  twiml: string;
  answers: string[];
}

/** Has a phone write an SMS to our number; `messageSid` repeats an earlier one. */
export function writeSms(
  from: string,
  body: string,
  more: { optOutType?: string; messageSid?: string; to?: string; again?: Record<string, string> } = {},
): Promise<Written> {
  return atDesk('_inbound', { from, body, ...more });
}

/** What came of a batch of events, and what was sent. */
export interface Told {
  status: number;
  answer: string;
  sent: { headers: Record<string, string>; body: string };
}

/** Has SendGrid tell a batch of events, signed now or at another time. */
export function tellEvents(batch: unknown, seconds?: number): Promise<Told> {
  return atDesk('_events', { batch, seconds });
}

async function atDesk<Answer>(path: string, order: unknown): Promise<Answer> {
  const response = await fetch(`${stack.sandboxUrl}/${path}`, { method: 'POST', body: JSON.stringify(order) });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}
