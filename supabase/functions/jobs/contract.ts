import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';

const JOBS = [
  'deliveries',
  'crm-events',
  'reconcile-purchases',
  'pending-rewards',
  'webhooks',
  'housekeeping',
  'release-holds',
  'reconcile-payments',
  'expire',
  'stuck-cards',
] as const;

/** The name of a job. */
export type JobName = typeof JOBS[number];

/**
 * Starts one round of a job and answers 202; every job may run twice at once. A trigger that waited for the end of a slow round
 * would hold up every other call of pg_net.
 */
export const contract = defineContract({
  name: 'jobs',
  summary: 'Starts one round of a job, which goes on after the answer',
  auth: 'secret:jobs',
  tag: 'JOBS',
  token: { header: 'x-jobs-token', secret: 'JOBS_TOKEN' },
  request: z.strictObject({ job: z.enum(JOBS), deliveryId: uuid.nullish() }),
  answer: z.strictObject({ job: z.enum(JOBS) }),
  status: 202,
  codes: [],
  example: { request: { job: 'deliveries' }, answer: { job: 'deliveries' } },
});
