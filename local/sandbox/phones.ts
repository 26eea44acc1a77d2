import { randomBytes } from 'node:crypto';
import type { StandIn, World } from './provider.ts';
import type { Account } from './twilio_account.ts';
import { signatureOf } from './twilio_callbacks.ts';

const STOP = /^(stop|stopall|unsubscribe|end|quit|revoke|optout|cancel)$/i;
const START = /^(start|yes|unstop)$/i;

const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };

/** An inbound SMS: `from` is the phone, `messageSid` repeats an earlier one. */
interface Inbound {
  from: string;
  body: string;
  to?: string;
  optOutType?: string;
  messageSid?: string;
  /** Parameters that are repeated with these values. */
  again?: Record<string, string>;
}

/** The phones of recipients: `POST /_inbound` sends an SMS to the account's number and returns the answer. */
export function phones(world: World, account: Account): StandIn {
  return {
    prefix: '/_inbound',
    async answer(request) {
      const inbound: Partial<Inbound> | null = await request.json().catch(() => null);
      if (request.method !== 'POST' || !account.inboundUrl || !inbound?.from || typeof inbound.body !== 'string') {
        return Response.json({ error: 'POST { from, body, to?, optOutType?, messageSid? }' }, { status: 400 });
      }
      return Response.json(await write(world, account, account.inboundUrl, inbound as Inbound));
    },
  };
}

// As Twilio does by default: it blocks and unblocks by itself, and still calls the webhook.
async function write({ store }: World, account: Account, url: string, inbound: Inbound) {
  const { from, body, to = '+15550100000', optOutType, again = {} } = inbound;
  const keyword = body.trim();
  if (STOP.test(keyword) || optOutType === 'STOP') store.block(from, true);
  if (START.test(keyword) || optOutType === 'START') store.block(from, false);
  const messageSid = inbound.messageSid ?? `SM${randomBytes(16).toString('hex')}`;
  const fields: Record<string, string> = {
    AccountSid: account.accountSid,
    ApiVersion: '2010-04-01',
    Body: body,
    From: from,
    MessageSid: messageSid,
    NumMedia: '0',
    NumSegments: '1',
    SmsMessageSid: messageSid,
    SmsStatus: 'received',
    To: to,
    ...(optOutType ? { OptOutType: optOutType } : {}),
  };
  const form = new URLSearchParams([...Object.entries(fields), ...Object.entries(again)]);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'x-twilio-signature': signatureOf(account.authToken, url, form) },
    body: form,
  });
  const twiml = await response.text();
  const answers = Array.from(twiml.matchAll(/<Message>([^<]*)<\/Message>/g), ([, text]) => unescape(text));
  for (const text of answers) reply(store, from, to, text);
  return { messageSid, status: response.status, twiml, answers };
}

function reply(store: World['store'], phone: string, number: string, text: string): void {
  const at = new Date().toISOString();
  const sid = `SM${randomBytes(16).toString('hex')}`;
  const carried = { at, sentAt: at, status: 'delivered', errorCode: null };
  store.add({ provider: 'twilio', sid, to: phone, from: number, body: text, ...carried });
}

function unescape(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity]);
}
