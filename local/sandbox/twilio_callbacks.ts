import { createHmac } from 'node:crypto';
import type { Fault } from './faults.ts';
import type { World } from './provider.ts';
import type { Message } from './store.ts';
import type { Account } from './twilio_account.ts';

const STEP_MS = 50;
const RETRY_MS = 1000;

// A status never replaces a later one, in any order of callbacks.
const LIFE = ['queued', 'sent', 'delivered', 'undelivered', 'failed'];

const SEQUENCES: Record<string, string[]> = {
  duplicate_callbacks: ['sent', 'sent', 'delivered', 'delivered', 'sent'],
  reversed_callbacks: ['delivered', 'sent'],
  undelivered: ['sent', 'undelivered'],
  failed: ['failed'],
};

const DEFAULT_ERROR = 30003;

/** Moves a message through its statuses and calls back for each, as Twilio does. */
export function callBack(
  world: World,
  account: Account,
  message: Message,
  url: string | null,
  fault: Fault | undefined,
): void {
  const statuses = fault?.callbacks ?? SEQUENCES[fault?.kind ?? ''] ?? ['sent', 'delivered'];
  statuses.forEach((status, step) =>
    world.later((step + 1) * STEP_MS, async () => {
      const failed = status === 'undelivered' || status === 'failed';
      advance(message, status, failed ? fault?.errorCode ?? DEFAULT_ERROR : null);
      world.store.update(message);
      if (url) await post(world, account, url, fieldsOf(account, message, status));
    })
  );
}

/** The signature over a URL and its form fields: HMAC-SHA1 of the URL and every name and each of its values, sorted. */
export function signatureOf(authToken: string, url: string, fields: Record<string, string> | URLSearchParams): string {
  const form = new URLSearchParams(fields);
  const names = [...new Set(form.keys())].sort();
  const signed = url +
    names.flatMap((name) => [...new Set(form.getAll(name))].sort().map((value) => name + value)).join('');
  return createHmac('sha1', authToken).update(signed).digest('base64');
}

/** Whether a URL stays on this machine. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(new URL(url).hostname);
}

function advance(message: Message, status: string, errorCode: number | null): void {
  if (LIFE.indexOf(status) <= LIFE.indexOf(message.status)) return;
  message.status = status;
  message.errorCode = errorCode;
  message.sentAt ??= new Date().toISOString();
}

function fieldsOf({ accountSid }: Account, { sid, to, from, errorCode }: Message, status: string) {
  return {
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    From: from,
    MessageSid: sid,
    MessageStatus: status,
    SmsSid: sid,
    SmsStatus: status,
    To: to,
    ...(errorCode ? { ErrorCode: String(errorCode) } : {}),
  };
}

// Retried once when the receiver is unreachable, as Twilio does by default.
async function post(world: World, account: Account, url: string, fields: Record<string, string>, tries = 2) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-twilio-signature': signatureOf(account.authToken, url, fields) },
      body: new URLSearchParams(fields),
    });
    await response.body?.cancel();
  } catch {
    if (tries > 1) world.later(RETRY_MS, () => post(world, account, url, fields, tries - 1));
  }
}
