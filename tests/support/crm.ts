import { Buffer } from 'node:buffer';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { sql } from './database.ts';
import { type Answer, call } from './http.ts';
import type { Promised } from './promise.ts';
import { stack } from './stack.ts';

/** A CRM that is connected to a client. */
export interface Sender {
  endpointId: string;
  maxAgeMinutes: number;
  /** Signs an event of a contact and sends it. */
  tell(event: Told, over?: Over): Promise<Answer>;
  /** Signs any body and sends it. */
  send(body: string, over?: Over): Promise<Answer>;
}

/** An event of a CRM. */
export interface Told {
  name?: string;
  contactId: string;
  eventId?: string;
}

/** How a call deviates from a genuine one. */
export interface Over {
  /** Minutes by which the CRM's clock is wrong. */
  minutes?: number;
  /** Sent instead of the body that was signed. */
  body?: string;
  /** Sent after the headers that were made. */
  headers?: Record<string, string>;
}

interface Kind {
  /** The key with which the database verifies signatures. */
  key: string;
  /** Minutes after which its calls are refused. */
  maxAgeMinutes: number;
  /** The event that provisions a card. */
  waitsFor: string;
  /** The account whose events are accepted, where one key signs for many. */
  account?: string;
  bodyOf(event: Required<Told>, time: number): unknown;
  headersOf(body: string, time: number, url: string, eventId: string): Record<string, string>;
}

/** Each kind of CRM with a new key: the body of an event, and the signature of a body. */
const KINDS: Record<string, () => Kind> = {
  standard() {
    const key = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`;
    return {
      key,
      maxAgeMinutes: 5,
      waitsFor: 'visit',
      bodyOf: ({ name, contactId }) => ({ event_type: name, contact_id: contactId }),
      headersOf: (body, time, _url, eventId) => ({
        'webhook-id': eventId,
        'webhook-timestamp': String(Math.floor(time / 1000)),
        'webhook-signature': new Webhook(key).sign(eventId, new Date(time), body),
      }),
    };
  },
  hubspot() {
    const key = crypto.randomUUID();
    return {
      key,
      maxAgeMinutes: 5,
      waitsFor: 'contact.creation',
      bodyOf: ({ name, contactId, eventId }) => [
        { eventId, subscriptionId: 7, subscriptionType: name, objectId: contactId },
      ],
      headersOf: (body, time, url) => ({
        'x-hubspot-request-timestamp': String(time),
        'x-hubspot-signature-v3': createHmac('sha256', key).update(`POST${url}${body}${time}`).digest('base64'),
      }),
    };
  },
  gohighlevel() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    return {
      key: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
      maxAgeMinutes: 90,
      waitsFor: 'AppointmentCreate',
      account: 'location-1',
      bodyOf: ({ name, contactId, eventId }, time) => ({
        type: name,
        locationId: 'location-1',
        contactId,
        webhookId: eventId,
        timestamp: new Date(time).toISOString(),
      }),
      headersOf: (body) => ({ 'x-ghl-signature': sign(null, Buffer.from(body), privateKey).toString('base64') }),
    };
  },
};

/** The supported kinds of CRM. */
export const kinds = Object.keys(KINDS);

/** Connects a CRM of a kind to a tenant: its only condition waits for one event, its recipients are contacts by their id. */
export async function connect({ clientId, campaignId }: Promised, kind = 'standard'): Promise<Sender> {
  const { key, maxAgeMinutes, waitsFor, account = null, bodyOf, headersOf } = KINDS[kind]();
  await sql`update public.campaign_conditions set crm_event_name = ${waitsFor} where campaign_id = ${campaignId}`;
  await sql`update public.campaign_recipients set external_crm_id = id::text where campaign_id = ${campaignId}`;
  const [{ id }] = await sql`
    with endpoint as (
      insert into public.crm_endpoints (client_id, name, kind, account_id)
      values (${clientId}, ${crypto.randomUUID()}, ${kind}, ${account}) returning id)
    insert into private.crm_keys (endpoint_id, key) select id, ${key} from endpoint returning endpoint_id as id`;
  const send = (
    body: string,
    { minutes = 0, body: other = body, headers = {} }: Over = {},
    eventId: string = crypto.randomUUID(),
  ) => {
    const url = `${stack.apiUrl}/functions/v1/crm-webhook/${id}`;
    const signed = headersOf(body, Date.now() + minutes * 60_000, url, eventId);
    return call(`crm-webhook/${id}`, other, {
      key: null,
      type: 'application/json',
      headers: { ...signed, ...headers },
    });
  };
  return {
    endpointId: id,
    maxAgeMinutes,
    send,
    tell({ name = waitsFor, contactId, eventId = crypto.randomUUID() }, over = {}) {
      const time = Date.now() + (over.minutes ?? 0) * 60_000;
      return send(JSON.stringify(bodyOf({ name, contactId, eventId }, time)), over, eventId);
    },
  };
}
