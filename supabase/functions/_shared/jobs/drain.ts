/** Concurrency, time budget, and the number of items after which no more are leased. */
export interface Limits {
  concurrency: number;
  budgetMs: number;
  /** `ROUND_SIZE` by default. */
  size?: number;
}

/** The most items of one round. The platform ends a worker after 2 s of CPU; 200 SMS take 0.6 s of it in a new worker, 0.3 s later. */
export const ROUND_SIZE = 200;

/**
 * Processes leases until none are due or the time budget is spent.
 * Batches are as large as the number of workers, so that a lease waits for at most one other item and does not lapse.
 */
export async function drain<Lease>(
  lease: (batchSize: number) => Promise<Lease[]>,
  work: (lease: Lease) => Promise<void>,
  { concurrency, budgetMs, size = ROUND_SIZE }: Limits,
): Promise<void> {
  const deadline = Date.now() + budgetMs;
  const waiting: Lease[] = [];
  let left = size;
  let isDone = false;
  let refill: Promise<void> | undefined;

  const workers = Array.from({ length: concurrency }, async () => {
    for (let next = await take(); next !== undefined; next = await take()) {
      await work(next);
    }
  });
  // Running items are finished, also when the next lease fails.
  const ended = await Promise.allSettled(workers);
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;

  async function take(): Promise<Lease | undefined> {
    while (waiting.length === 0 && !isDone) {
      await (refill ??= fill().finally(() => refill = undefined));
    }
    return waiting.shift();
  }

  async function fill(): Promise<void> {
    const batchSize = Math.min(concurrency, left);
    try {
      if (Date.now() < deadline && batchSize > 0) waiting.push(...await lease(batchSize));
    } finally {
      left -= waiting.length;
      // A batch that is not full was the last one.
      isDone = waiting.length < concurrency;
    }
  }
}
