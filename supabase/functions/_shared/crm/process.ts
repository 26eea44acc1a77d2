import { inBackground } from '../jobs/background.ts';
import { type Purchase, tryToBuy } from '../gift_cards/buy.ts';
import { drain } from '../jobs/drain.ts';
import { describe } from '../http/log.ts';
import { triggerDeliveries } from '../jobs/trigger.ts';
import type { JobContext } from '../http/serve.ts';
import { configuredSuppliers } from '../gift_cards/open_supplier.ts';

/** The status of an event. */
export interface Processed {
  id: string;
  eventId: string;
  status: 'received' | 'provisioned' | 'owed' | 'ignored' | 'refused' | 'failed';
  code?: string;
  message?: string;
}

/** A stored event; a repeated one is not new. */
export type Stored = Processed & { isNew: boolean };

// CRMs wait a few seconds for an answer; what is not done by then, the job does.
const PATIENCE_MS = 3000;

// The budget and one slow event together stay below the minute that an event is ours.
const LIMITS = { concurrency: 4, budgetMs: 25_000 };

interface Answered extends Processed {
  purchase?: Purchase;
  deliveryId?: string;
}

/** Gives the reward that a stored event has earned; what goes wrong on our side is noted, so that it can be replayed. */
export async function processEvent(context: JobContext, id: string): Promise<Processed> {
  const { rpc, log } = context;
  try {
    const args = { crm_event_id: id, suppliers: configuredSuppliers() };
    const { result: { purchase, deliveryId, ...event } } = await rpc<Answered>('process_crm_event', args);
    log('[CRM] Event dealt with', { crmEventId: id, status: event.status, code: event.code });
    if (deliveryId) triggerDeliveries(deliveryId);
    // A supplier may take longer than a CRM waits; when the card is bought, the event follows by itself.
    if (purchase) inBackground(tryToBuy(context, purchase));
    return event;
  } catch (error) {
    log('[CRM] Event failed', { crmEventId: id, cause: describe(error) });
    return (await rpc<Processed>('fail_crm_event', { crm_event_id: id })).result;
  }
}

/** Deals with one new event in any case, and with the others while the CRM waits. */
export async function processNew(context: JobContext, stored: Stored[]): Promise<Processed[]> {
  const deadline = Date.now() + PATIENCE_MS;
  const done: Processed[] = [];
  let isFirst = true;
  for (const { isNew, ...event } of stored) {
    const isDue = isNew && (isFirst || Date.now() < deadline);
    done.push(isDue ? await processEvent(context, event.id) : event);
    isFirst &&= !isNew;
  }
  return done;
}

/** Deals with the events whose worker died, and with those that are to be done again; tells how many. */
export async function processDueEvents(context: JobContext): Promise<{ processed: number }> {
  let processed = 0;
  await drain(
    async (batchSize) => {
      const { result } = await context.rpc<{ events: string[] }>('lease_crm_events', { batch_size: batchSize });
      return result.events;
    },
    async (id) => {
      await processEvent(context, id);
      processed++;
    },
    LIMITS,
  );
  return { processed };
}
