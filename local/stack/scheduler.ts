/** Rings the jobs function every few seconds, as pg_cron and pg_net do on a hosted project. */

/** Every how many seconds. What comes once a minute on a hosted project is not worth a ring each second here either. */
const JOBS = {
  'deliveries': 1,
  'crm-events': 1,
  'reconcile-purchases': 1,
  'pending-rewards': 1,
  'webhooks': 1,
  'housekeeping': 1,
  'release-holds': 3,
  'reconcile-payments': 3,
  'expire': 3,
  'stuck-cards': 3,
};

/** Starts ringing; a job that is still running is not rung again. */
export function startScheduler(ring: (job: string) => Promise<Response>): void {
  for (const [job, seconds] of Object.entries(JOBS)) ringForEver(job, seconds, ring);
}

async function ringForEver(job: string, seconds: number, ring: (job: string) => Promise<Response>) {
  let last = '';
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const problem = await ringOnce(job, ring);
    if (problem && problem !== last) console.error(`[scheduler] ${job}: ${problem}`); // the same complaint once
    last = problem;
  }
}

async function ringOnce(job: string, ring: (job: string) => Promise<Response>): Promise<string> {
  try {
    const response = await ring(job);
    const text = await response.text();
    return response.ok ? '' : `${response.status} ${text.slice(0, 500)}`;
  } catch (error) {
    return String(error);
  }
}
