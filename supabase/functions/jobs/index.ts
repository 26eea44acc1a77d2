import { z } from 'zod';
import { inBackground } from '../_shared/jobs/background.ts';
import { uuid } from '../_shared/http/fields.ts';
import { readJson } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { jobs } from './jobs.ts';
import { round } from './round.ts';

const body = z.strictObject({ job: z.enum(Object.keys(jobs) as [keyof typeof jobs]), deliveryId: uuid.nullish() });

/**
 * Starts one round of a job and answers 202; every job may run twice at once. A trigger that waited for the end of a slow round
 * would hold up every other call of pg_net.
 */
export default {
  fetch: serve(
    { auth: 'secret:jobs', tag: 'JOBS', token: { header: 'x-jobs-token', secret: 'JOBS_TOKEN' } },
    async (request, context) => {
      const { job, deliveryId } = await readJson(request, body);
      inBackground(round(context, job, deliveryId));
      return Response.json({ job, requestId: context.requestId }, { status: 202 });
    },
  ),
};
