import { z } from 'zod';
import { momentOf } from '../http/days.ts';
import { parseJson } from '../http/parse.ts';
import { isSignedEd25519 } from './ed25519.ts';
import type { Call, Crm } from './port.ts';
import { field, isFresh, negativesIn, storable, word } from './words.ts';

const event = z.looseObject({
  webhookId: z.string().min(1).max(200),
  timestamp: z.union([z.string(), z.number()]),
});

// HighLevel tries again for 70 minutes (six times, ten minutes apart) and sends the same bytes, with the time of the first try.
// That such a call is seen twice does no harm: its id is known.
// https://help.gohighlevel.com/support/solutions/articles/155000007071-automated-webhook-retries
const MAX_AGE_MINUTES = 90;

/**
 * HighLevel's webhooks, signed with Ed25519 over the body, which carries its time and id itself.
 * https://marketplace.gohighlevel.com/docs/webhook/WebhookIntegrationGuide
 */
export const gohighlevel: Crm = {
  async isGenuine({ headers, body }, keys) {
    const signature = headers.get('x-ghl-signature') ?? '';
    for (const key of keys) {
      if (await isSignedEd25519(body, signature, key)) return isFresh(timeOf(body), MAX_AGE_MINUTES);
    }
    return false;
  },

  read({ body }: Call) {
    const payload = parseJson(body, event);
    const name = word(payload.type);
    return [{
      eventId: payload.webhookId,
      names: name ? [name] : [],
      contactId: contactOf(payload, name) ?? contactOf(payload.data, name),
      campaign: null,
      // Invoices name it as their "alternative" id.
      account: word(
        payload.locationId,
        field(payload.data, 'locationId'),
        locationIn(payload),
        locationIn(payload.data),
      ),
      negatives: negativesIn(payload),
      payload: storable(payload),
    }];
  },
};

/** The contact that an event is about. What it tells stands in the event itself, or, says the guide, in its `data`. */
function contactOf(told: unknown, name: string | null): string | null {
  return word(
    field(told, 'contactId'),
    // AppointmentCreate, InvoicePaid, …
    field(field(told, 'appointment'), 'contactId'),
    field(field(told, 'contactDetails'), 'id'),
    // ContactCreate, ContactTagUpdate, …: the id is the contact's.
    name?.startsWith('Contact') ? field(told, 'id') : null,
  );
}

function locationIn(told: unknown): unknown {
  const type = field(told, 'altType');
  return type === undefined || type === 'location' ? field(told, 'altId') : undefined;
}

/** The time in a genuine body: ISO 8601 with its offset, or milliseconds; a body without one counts as the oldest. */
function timeOf(body: Uint8Array): number {
  try {
    const { timestamp } = event.parse(JSON.parse(new TextDecoder().decode(body)));
    if (typeof timestamp === 'number') return timestamp;
    const moment = momentOf(timestamp);
    return moment ? new Date(moment).getTime() : 0;
  } catch {
    return 0;
  }
}
