import { z } from 'zod';
import { uuid } from '../_shared/fields.ts';
import { readJson } from '../_shared/parse.ts';
import { serve } from '../_shared/serve.ts';
import { jobs } from './jobs.ts';

const body = z.strictObject({ job: z.enum(Object.keys(jobs) as [keyof typeof jobs]), deliveryId: uuid.nullish() });

/** Does one round of a job and tells how much there was to do; every job may run twice at once. */
export default {
  fetch: serve({ auth: 'secret:jobs', tag: 'JOBS' }, async (request, context) => {
    const { job, deliveryId } = await readJson(request, body);
    return { job, ...await jobs[job](context, deliveryId) };
  }),
};
