import { describe, log } from '../_shared/http/log.ts';
import type { Context } from '../_shared/http/serve.ts';
import { jobs } from './jobs.ts';

// The platform drops what a function logs beyond 100 lines in ten seconds; the attempts themselves are in the database.
const MAX_LINES = 50;

/** The last result of each job that this worker reported to the database; only a changed result is reported again. */
const told = new Map<string, boolean>();

/** Runs a round to its end and sums it up in one log line; no caller waits for the result, so a failure raises an alert. */
export async function round(context: Context, job: keyof typeof jobs, deliveryId?: string | null): Promise<void> {
  const startedAt = performance.now();
  const lines = new Lines(context);
  let failure: unknown;
  let counts = {};
  try {
    counts = await jobs[job]({ ...context, log: (message, fields) => lines.write(message, fields) }, deliveryId);
  } catch (error) {
    failure = error;
  }
  const ms = Math.round(performance.now() - startedAt);
  const end = failure === undefined ? counts : { cause: describe(failure) };
  const idle = failure === undefined && !/[1-9]/.test(JSON.stringify(counts));
  const summary = { requestId: context.requestId, job, ms, idle, ...end, ...lines.leftOut() };
  log(failure === undefined ? '[JOBS] Round' : '[JOBS] Failed', summary, failure === undefined ? 'info' : 'error');
  await tell(context, job, failure === undefined);
}

async function tell({ rpc, requestId }: Context, job: string, succeeded: boolean): Promise<void> {
  if (told.get(job) === succeeded) return;
  try {
    await rpc('record_job_round', { job, succeeded });
    told.set(job, succeeded);
  } catch (error) {
    log('[JOBS] Not reported', { requestId, job, cause: describe(error) }, 'error');
  }
}

/** The lines of a round, of which the first are written. */
class Lines {
  #count = 0;
  #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  write(message: string, fields?: Record<string, unknown>): void {
    if (++this.#count <= MAX_LINES) this.#context.log(message, fields);
  }

  leftOut(): { linesLeftOut?: number } {
    return this.#count > MAX_LINES ? { linesLeftOut: this.#count - MAX_LINES } : {};
  }
}
