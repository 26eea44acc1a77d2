import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { badRequest } from '../errors.ts';
import { parseJson } from '../parse.ts';
import type { Call, Crm } from './port.ts';
import { field, storable, word } from './words.ts';

const event = z.looseObject({}, 'must be an object');

/** Whoever signs by the Standard Webhooks specification; `webhook-id` is the event's id. */
export const standard: Crm = {
  isGenuine({ headers, body }, keys) {
    // The signature is over the bytes: a byte order mark belongs to them, and what is not UTF-8 fits no signature.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
    return keys.some((key) => {
      try {
        new Webhook(key).verify(text, Object.fromEntries(headers), { jsonParse: false });
        return true;
      } catch {
        return false;
      }
    });
  },

  read({ headers, body }: Call) {
    const payload = parseJson(body, event);
    const eventId = word(headers.get('webhook-id'));
    if (!eventId) throw badRequest({ field: 'webhook-id', problem: 'must have at most 200 characters' });
    const { data } = payload;
    const name = word(payload.type, payload.event_type, payload.eventType, field(data, 'event_type'));
    return [{
      eventId,
      names: name ? [name] : [],
      contactId: either(payload, data, 'contact_id', 'contactId'),
      campaign: either(payload, data, 'campaign_id', 'campaignId'),
      account: null,
      payload: storable(payload),
    }];
  },
};

/** A field that stands in the body or in its `data`, in either way of writing. */
function either(payload: unknown, data: unknown, snake: string, camel: string): string | null {
  return word(field(payload, snake), field(payload, camel), field(data, snake), field(data, camel));
}
