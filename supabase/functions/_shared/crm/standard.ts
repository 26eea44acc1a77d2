import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { badRequest } from '../http/errors.ts';
import { parseJson } from '../http/parse.ts';
import { isSignedEd25519 } from './ed25519.ts';
import type { Call, Crm } from './port.ts';
import { field, isFresh, negativesIn, storable, word } from './words.ts';

const event = z.looseObject({}, 'must be an object');

/**
 * Senders that sign by the Standard Webhooks specification; `webhook-id` is the event's id. `v1` is checked with a secret (`whsec_…`),
 * `v1a` with a public key (`whpk_…`). Svix, where the specification comes from, still sends its headers as `svix-*`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const standard: Crm = {
  async isGenuine({ headers, body }, keys) {
    const timestamp = headerOf(headers, 'timestamp');
    // Plain digits only: a lenient parser would believe "1795874099.", too.
    if (!/^\d{1,12}$/.test(timestamp) || !isFresh(Number(timestamp) * 1000)) return false;
    const signed = Buffer.concat([Buffer.from(`${headerOf(headers, 'id')}.${timestamp}.`), body]);
    const signatures = headerOf(headers, 'signature').split(' ').slice(0, MAX_SIGNATURES);
    for (const key of keys) {
      for (const signature of signatures) {
        if (await isSigned(signed, signature, key)) return true;
      }
    }
    return false;
  },

  read({ headers, body }: Call) {
    const payload = parseJson(body, event);
    const eventId = word(headerOf(headers, 'id'));
    if (!eventId) throw badRequest({ field: 'webhook-id', problem: 'must have at most 200 characters' });
    const { data } = payload;
    const name = word(payload.type, payload.event_type, payload.eventType, field(data, 'event_type'));
    return [{
      eventId,
      names: name ? [name] : [],
      contactId: either(payload, data, 'contact_id', 'contactId'),
      campaign: either(payload, data, 'campaign_id', 'campaignId'),
      account: null,
      negatives: negativesIn(payload),
      payload: storable(payload),
    }];
  },
};

/** A field that stands in the body or in its `data`, in either way of writing. */
function either(payload: unknown, data: unknown, snake: string, camel: string): string | null {
  return word(field(payload, snake), field(payload, camel), field(data, snake), field(data, camel));
}

// Several signatures, because keys overlap during rotation; limited, so that a request cannot cost unbounded work.
const MAX_SIGNATURES = 20;

function headerOf(headers: Headers, name: string): string {
  return headers.get(`webhook-${name}`) ?? headers.get(`svix-${name}`) ?? '';
}

async function isSigned(signed: Buffer<ArrayBuffer>, signature: string, key: string): Promise<boolean> {
  if (key.startsWith(PUBLIC_KEY)) {
    return signature.startsWith('v1a,') &&
      await isSignedEd25519(signed, signature.slice(4), key.slice(PUBLIC_KEY.length));
  }
  const secret = Buffer.from(key.replace(/^whsec_/, ''), 'base64');
  // Anyone can sign with an empty secret.
  if (secret.length === 0) return false;
  const expected = Buffer.from(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const PUBLIC_KEY = 'whpk_';
