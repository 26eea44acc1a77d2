import assert from 'node:assert/strict';
import { drain, ROUND_SIZE } from './drain.ts';

const pause = (milliseconds: number) => new Promise((resume) => setTimeout(resume, milliseconds));

/** A queue that hands out numbers, as the database does leases. */
function queueOf(length: number) {
  let next = 0;
  return async (batchSize: number) => {
    await pause(1);
    return Array.from({ length: Math.min(batchSize, length - next) }, () => next++);
  };
}

Deno.test('drain: due items → each processed once', async () => {
  const done: number[] = [];
  await drain(queueOf(50), async (item) => {
    await pause(Math.random() * 3);
    done.push(item);
  }, { concurrency: 4, budgetMs: 10_000 });
  assert.deepEqual(done.sort((a, b) => a - b), Array.from({ length: 50 }, (_, index) => index));
});

Deno.test('drain: more items than workers → as many at once as workers', async () => {
  let working = 0;
  let most = 0;
  await drain(queueOf(40), async () => {
    most = Math.max(most, ++working);
    await pause(2);
    working--;
  }, { concurrency: 5, budgetMs: 10_000 });
  assert.equal(most, 5);
});

Deno.test('drain: a slow item → the others go on', async () => {
  const done: number[] = [];
  const others = Promise.withResolvers<void>();
  await drain(queueOf(20), async (item) => {
    if (item === 0) await others.promise;
    done.push(item);
    if (done.length === 19) others.resolve();
  }, { concurrency: 2, budgetMs: 10_000 });
  assert.equal(done.at(-1), 0);
});

Deno.test('drain: a batch that is not full → no further lease', async () => {
  const asked: number[] = [];
  await drain(
    (batchSize) => {
      asked.push(batchSize);
      return Promise.resolve([1]);
    },
    () => Promise.resolve(),
    { concurrency: 8, budgetMs: 10_000 },
  );
  assert.deepEqual(asked, [8]);
});

Deno.test('drain: the time budget is spent → nothing new is leased, leased items are finished', async () => {
  let leased = 0;
  let done = 0;
  await drain((batchSize) => {
    leased += batchSize;
    return Promise.resolve(Array.from({ length: batchSize }, () => 0));
  }, async () => {
    await pause(10);
    done++;
  }, { concurrency: 3, budgetMs: 35 });
  assert.ok(leased >= 3 && leased <= 30, `${leased} leased`);
  assert.equal(done, leased);
});

Deno.test('drain: a lease fails → reported after running items have ended', async () => {
  let leases = 0;
  let done = 0;
  const drained = drain(() => {
    if (leases++ > 0) throw new Error('the database is away');
    return Promise.resolve([1, 2]);
  }, async (item) => {
    await pause(item * 20);
    done++;
  }, { concurrency: 2, budgetMs: 10_000 });
  await assert.rejects(drained, /database is away/);
  assert.equal(done, 2);
});

Deno.test('drain: more is due than a round may do → it stops at its size, however it is leased', async () => {
  for (const size of [1, 8, 20, 21]) {
    let done = 0;
    await drain(queueOf(100), () => Promise.resolve(void done++), { concurrency: 8, budgetMs: 10_000, size });
    assert.equal(done, size);
  }
  let done = 0;
  await drain(queueOf(1000), () => Promise.resolve(void done++), { concurrency: 8, budgetMs: 10_000 });
  assert.equal(done, ROUND_SIZE);
});
