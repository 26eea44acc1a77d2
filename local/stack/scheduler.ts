/** Triggers the jobs function every few seconds, as pg_cron and pg_net do on a hosted project. */

/** Seconds between the rounds of each job; those that run once a minute on a hosted project come less often here too. */
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

/** The last round of a job; without `endedAt` it has had none. `problem` is empty when the function answered. */
export interface Round {
  endedAt: string | null;
  milliseconds: number;
  problem: string;
}

type Trigger = (job: string) => Promise<Response>;

/** Starts triggering; a job whose round still runs is not triggered again. Returns the last round of each, kept current. */
export function startScheduler(trigger: Trigger): Record<string, Round> {
  const rounds: Record<string, Round> = {};
  for (const [job, seconds] of Object.entries(JOBS)) {
    rounds[job] = { endedAt: null, milliseconds: 0, problem: '' };
    repeat(job, seconds, trigger, rounds);
  }
  return rounds;
}

async function repeat(job: string, seconds: number, trigger: Trigger, rounds: Record<string, Round>) {
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const startedAt = performance.now();
    const problem = await runRound(job, trigger);
    // Only a new problem is logged, not each repetition of it.
    if (problem && problem !== rounds[job].problem) console.error(`[scheduler] ${job}: ${problem}`);
    const milliseconds = Math.round(performance.now() - startedAt);
    rounds[job] = { endedAt: new Date().toISOString(), milliseconds, problem };
  }
}

async function runRound(job: string, trigger: Trigger): Promise<string> {
  try {
    const response = await trigger(job);
    const text = await response.text();
    return response.ok ? '' : `${response.status} ${text.slice(0, 500)}`;
  } catch (error) {
    return String(error);
  }
}
