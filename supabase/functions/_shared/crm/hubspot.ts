import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../parse.ts';
import type { Crm, CrmEvent } from './port.ts';
import { isFresh, storable, word } from './words.ts';

const MAX_EVENTS = 100;

const events = z.array(
  z.looseObject({
    eventId: z.union([z.number(), z.string()]),
    subscriptionType: z.string().min(1),
    subscriptionId: z.union([z.number(), z.string()]).optional(),
  }),
).max(MAX_EVENTS, `must have at most ${MAX_EVENTS} events`);

type HubSpotEvent = z.output<typeof events>[number];

/** HubSpot's webhooks, signed by version 3 of its scheme: the older ones carry no time. */
export const hubspot: Crm = {
  isGenuine({ method, url, headers, body }, keys) {
    const timestamp = headers.get('x-hubspot-request-timestamp') ?? '';
    const given = Buffer.from(headers.get('x-hubspot-signature-v3') ?? '');
    if (!/^\d{13}$/.test(timestamp) || !isFresh(Number(timestamp))) return false;
    return keys.some((key) => {
      const digest = createHmac('sha256', key).update(method + signedForm(url)).update(body).update(timestamp).digest();
      const expected = Buffer.from(digest.toString('base64'));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  },

  read({ body }) {
    return parseJson(body, events).map(eventOf);
  },
};

// Characters that HubSpot decodes before it signs an address; all others stay as they are.
const DECODED: Record<string, string> = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
};

function signedForm(url: string): string {
  return url.replace(/%[0-9a-f]{2}/gi, (code) => DECODED[code.toUpperCase()] ?? code);
}

/** A change of a property may be asked for as such, by the property, or by its new value. */
function eventOf(event: HubSpotEvent): CrmEvent {
  const { eventId, subscriptionType, subscriptionId } = event;
  const property = word(event.propertyName);
  const value = word(event.propertyValue);
  const names = [
    property && value && `${subscriptionType}:${property}=${value}`,
    property && `${subscriptionType}:${property}`,
    subscriptionType,
  ];
  return {
    // An event's id is unique for its subscription only.
    eventId: word(`${subscriptionId ?? subscriptionType}:${eventId}`) ?? String(eventId).slice(0, 200),
    names: names.map((name) => word(name)).filter((name) => name !== null),
    contactId: word(event.objectId),
    campaign: null,
    payload: storable(event),
  };
}
