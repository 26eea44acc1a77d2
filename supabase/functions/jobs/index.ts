import { z } from 'zod';
import { deliver, lookUp } from '../_shared/deliver.ts';
import { uuid } from '../_shared/fields.ts';
import { readJson } from '../_shared/parse.ts';
import { serve } from '../_shared/serve.ts';

const doors = {
  'housekeeping': 'run_housekeeping',
  'release-holds': 'release_holds',
  'expire': 'expire_lots',
} as const;

const body = z.object({
  job: z.enum(['deliveries', 'housekeeping', 'release-holds', 'expire']),
  deliveryId: uuid.nullish(),
});

/** Does one round of a job and tells how much there was to do; every job may run twice at once. */
export default {
  fetch: serve({ auth: 'secret:jobs', tag: 'JOBS' }, async (request, context) => {
    const { job, deliveryId } = await readJson(request, body);
    if (job !== 'deliveries') return { job, ...(await context.rpc(doors[job], {})).result };
    if (deliveryId) return { job, ...await deliver(context, deliveryId) };
    // Looked up first: what the provider has not got is queued again and goes out in the same round.
    return { job, lookedUp: await lookUp(context), ...await deliver(context) };
  }),
};
