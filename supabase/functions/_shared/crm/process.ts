import { drain } from '../drain.ts';
import { describe } from '../log.ts';
import type { Context } from '../serve.ts';

/** What became of an event. */
export interface Processed {
  id: string;
  eventId: string;
  status: string;
  code?: string;
  message?: string;
}

type Desk = Pick<Context, 'rpc' | 'log'>;

// The budget and one slow event together stay below the minute that an event is ours.
const LIMITS = { concurrency: 4, budgetMs: 25_000 };

/** Gives the reward that a stored event has earned; what goes wrong on our side is noted, so that it can be replayed. */
export async function processEvent({ rpc, log }: Desk, id: string): Promise<Processed> {
  try {
    const { result } = await rpc<Processed>('process_crm_event', { crm_event_id: id, suppliers: [] });
    log('[CRM] Event dealt with', { crmEventId: id, status: result.status, code: result.code });
    return result;
  } catch (error) {
    log('[CRM] Event failed', { crmEventId: id, ...describe(error) });
    return (await rpc<Processed>('fail_crm_event', { crm_event_id: id })).result;
  }
}

/** Deals with the events whose worker died, and with those that are to be done again; tells how many. */
export async function processDueEvents(desk: Desk): Promise<{ processed: number }> {
  let processed = 0;
  await drain(
    async (batchSize) => {
      const { result } = await desk.rpc<{ events: string[] }>('lease_crm_events', { batch_size: batchSize });
      return result.events;
    },
    async (id) => {
      await processEvent(desk, id);
      processed++;
    },
    LIMITS,
  );
  return { processed };
}
