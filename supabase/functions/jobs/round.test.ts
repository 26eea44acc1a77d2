import assert from 'node:assert/strict';
import type { Context } from '../_shared/http/serve.ts';
import { jobs } from './jobs.ts';
import { round } from './round.ts';

type Line = Record<string, unknown>;

/** Runs a round of a job with this work; returns its log lines and its reports to the database. */
async function roundOf(job: keyof typeof jobs, work: (context: Context) => Promise<Line>) {
  const { info, error } = console;
  const original = jobs[job];
  const lines: Line[] = [];
  const told: unknown[] = [];
  console.info = console.error = (line: string) => void lines.push(JSON.parse(line));
  Object.assign(jobs, { [job]: work });
  const rpc = (name: string, args: unknown) => Promise.resolve(void told.push([name, args]));
  const log = (message: string, fields?: Line) => console.info(JSON.stringify({ message, ...fields }));
  try {
    await round({ requestId: 'r', rpc, log } as unknown as Context, job);
  } finally {
    Object.assign(jobs, { [job]: original });
    Object.assign(console, { info, error });
  }
  return { lines, told };
}

Deno.test('round: 500 lines of one round → 50 of them and one summary that counts the rest', async () => {
  const { lines } = await roundOf('webhooks', ({ log }) => {
    for (let line = 0; line < 500; line++) log('[WEBHOOKS] delivered', { line });
    return Promise.resolve({ delivered: 500 });
  });
  assert.equal(lines.length, 51);
  const { ms: _ms, ...summary } = lines.at(-1)!;
  assert.deepEqual(summary, {
    message: '[JOBS] Round',
    requestId: 'r',
    job: 'webhooks',
    idle: false,
    delivered: 500,
    linesLeftOut: 450,
  });
});

Deno.test('round: a job throws → the summary says why, and a changed result is reported to the database', async () => {
  const fails = () => Promise.reject(new Error('no connection'));
  const works = () => Promise.resolve({ released: 0 });
  const failed = await roundOf('release-holds', fails);
  assert.equal(failed.lines.at(-1)!.message, '[JOBS] Failed');
  assert.match(JSON.stringify(failed.lines.at(-1)), /no connection/);
  assert.deepEqual(failed.told, [['record_job_round', { job: 'release-holds', succeeded: false }]]);
  assert.deepEqual((await roundOf('release-holds', fails)).told, []);
  const mended = await roundOf('release-holds', works);
  assert.deepEqual(mended.told, [['record_job_round', { job: 'release-holds', succeeded: true }]]);
  assert.equal(mended.lines.at(-1)!.idle, true);
  assert.deepEqual((await roundOf('release-holds', works)).told, []);
});
