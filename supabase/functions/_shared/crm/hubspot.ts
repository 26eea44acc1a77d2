import { Buffer } from 'node:buffer';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../http/parse.ts';
import type { Crm, CrmEvent } from './port.ts';
import { field, isFresh, negativesIn, storable, word } from './words.ts';

const MAX_EVENTS = 100;

const events = z.array(z.unknown()).max(MAX_EVENTS, `must have at most ${MAX_EVENTS} events`);

const id = z.union([z.number(), z.string()]);

const event = z.looseObject({
  eventId: id,
  subscriptionType: z.string().min(1),
  subscriptionId: id.optional(),
  occurredAt: id.optional(),
});

type HubSpotEvent = z.output<typeof event>;

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
    return parseJson(body, events).map(eventIn);
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

/** An event of a batch; an invalid one is kept with its problem, and the others are accepted. */
function eventIn(told: unknown): CrmEvent {
  // The example that HubSpot's documentation prints names the type `eventType`.
  const type = field(told, 'subscriptionType') ?? field(told, 'eventType');
  const { success, data, error } = event.safeParse(isObject(told) ? { ...told, subscriptionType: type } : told);
  if (success) return eventOf(data, told);
  const problem = error.issues.map(({ path, message }) => `${path.join('.') || 'event'}: ${message}`).join('; ').slice(
    0,
    500,
  );
  const eventId = `unreadable:${createHash('sha256').update(JSON.stringify(told)).digest('hex')}`;
  return {
    eventId,
    names: [],
    contactId: null,
    campaign: null,
    account: word(field(told, 'portalId')),
    payload: storable(told),
    problem,
  };
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** A change of a property may be asked for as such, by the property, or by its new value; an association by its type. */
function eventOf(event: HubSpotEvent, told: unknown): CrmEvent {
  const type = typeOf(event);
  const property = word(event.propertyName) ?? word(event.associationType);
  const value = word(event.propertyValue);
  const names = [property && value && `${type}:${property}=${value}`, property && `${type}:${property}`, type];
  const contactId = contactOf(event, type);
  const isMerge = type === 'contact.merge';
  return {
    eventId: identityOf(event),
    names: names.map((name) => word(name)).filter((name) => name !== null),
    contactId,
    campaign: null,
    account: word(event.portalId),
    payload: storable(told),
    negatives: [...negativesIn(event), ...(event.propertyValue === '' ? ['propertyValue'] : [])],
    merged: isMerge ? mergedIn(event).filter((merged) => merged !== contactId) : [],
    isErasure: type === 'contact.privacyDeletion',
  };
}

/** The contact; the id of a deal or a company may well be that of a contact, too. */
function contactOf(event: HubSpotEvent, type: string): string | null {
  // After a merge the contact lives on under the id of the winner, or under a new one.
  if (type === 'contact.merge') return word(event.newObjectId, event.primaryObjectId, event.objectId);
  if (!type.startsWith('contact.')) return null;
  const isOther = event.toObjectTypeId === CONTACT_TYPE && event.fromObjectTypeId !== CONTACT_TYPE;
  return isOther ? word(event.toObjectId) : word(event.objectId, event.fromObjectId);
}

function mergedIn({ primaryObjectId, mergedObjectIds, objectId }: HubSpotEvent): string[] {
  const ids = [primaryObjectId, objectId, ...(Array.isArray(mergedObjectIds) ? mergedObjectIds : [])];
  return [...new Set(ids.map((one) => word(one)).filter((one) => one !== null))];
}

/** The subscription's type; one of any objects (`object.creation`), told of a contact, is called what it has always been. */
function typeOf({ subscriptionType, objectTypeId, fromObjectTypeId, toObjectTypeId }: HubSpotEvent): string {
  const isOfContact = [objectTypeId, fromObjectTypeId, toObjectTypeId].includes(CONTACT_TYPE);
  return isOfContact ? subscriptionType.replace(/^object\./, 'contact.') : subscriptionType;
}

/** What is the same in every try of an event. Its own id "is not guaranteed to be unique", says HubSpot. */
function identityOf({ subscriptionId, subscriptionType, eventId, objectId, occurredAt }: HubSpotEvent): string {
  const parts = [subscriptionId ?? subscriptionType, eventId, objectId ?? '', occurredAt ?? ''];
  return parts.map((part) => word(part) ?? '').join(':').slice(0, 200);
}
