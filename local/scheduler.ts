/** Rings the jobs function about every second, as pg_cron and pg_net do on a hosted project. */

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
];

/** Starts ringing; a job that is still running is not rung again. */
export function startScheduler(ring: (job: string) => Promise<Response>): void {
  for (const job of JOBS) ringForEver(job, ring);
}

async function ringForEver(job: string, ring: (job: string) => Promise<Response>) {
  let last = '';
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
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
