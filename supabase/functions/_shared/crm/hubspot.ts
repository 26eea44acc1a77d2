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
    occurredAt: z.union([z.number(), z.string()]).optional(),
  }),
).max(MAX_EVENTS, `must have at most ${MAX_EVENTS} events`);

type HubSpotEvent = z.output<typeof events>[number];

/**
 * HubSpot's webhooks, signed by version 3 of its scheme: the older ones carry no time.
 * https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
 * https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions
 */
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

// The id that HubSpot gives to contacts among the types of its objects.
const CONTACT_TYPE = '0-1';

/** A change of a property may be asked for as such, by the property, or by its new value. */
function eventOf(event: HubSpotEvent): CrmEvent {
  const type = typeOf(event);
  const property = word(event.propertyName);
  const value = word(event.propertyValue);
  const names = [property && value && `${type}:${property}=${value}`, property && `${type}:${property}`, type];
  return {
    eventId: identityOf(event),
    names: names.map((name) => word(name)).filter((name) => name !== null),
    // The id of a deal or a company may well be that of a contact, too.
    contactId: type.startsWith('contact.') ? word(event.objectId, event.fromObjectId) : null,
    campaign: null,
    account: word(event.portalId),
    payload: storable(event),
  };
}

/** The subscription's type; one of any objects (`object.creation`), told of a contact, is called what it has always been. */
function typeOf({ subscriptionType, objectTypeId }: HubSpotEvent): string {
  return objectTypeId === CONTACT_TYPE ? subscriptionType.replace(/^object\./, 'contact.') : subscriptionType;
}

/** What is the same in every try of an event. Its own id "is not guaranteed to be unique", says HubSpot. */
function identityOf({ subscriptionId, subscriptionType, eventId, objectId, occurredAt }: HubSpotEvent): string {
  const parts = [subscriptionId ?? subscriptionType, eventId, objectId ?? '', occurredAt ?? ''];
  return parts.map((part) => word(part) ?? '').join(':').slice(0, 200);
}
