import assert from 'node:assert/strict';
import { processDueEvents, processEvent, processNew } from './process.ts';

type Args = Record<string, unknown>;

/** A database whose entry points answer like this, and which records the calls. */
function contextWith(entryPoints: Record<string, (args: Args) => unknown>) {
  const asked: string[] = [];
  const lines: string[] = [];
  const context = {
    rpc: (entryPoint: string, args: Args) => {
      asked.push(`${entryPoint} ${args.crm_event_id ?? ''}`.trim());
      return Promise.resolve().then(() => ({ result: entryPoints[entryPoint](args), sealed: null, replayed: false }));
    },
    log: (message: string, fields: Args = {}) => void lines.push(JSON.stringify({ message, ...fields })),
  };
  return { context: context as unknown as Parameters<typeof processEvent>[0], asked, lines };
}

const stored = (id: string, isNew = true) => ({ id, eventId: `e-${id}`, status: 'received' as const, isNew });
const done = ({ crm_event_id: id }: Args) => ({ id, eventId: `e-${id}`, status: 'provisioned' });

/** Runs something on a clock that goes so many milliseconds further at each look. */
async function withSteps<Result>(milliseconds: number, run: () => Promise<Result>): Promise<Result> {
  const now = Date.now;
  let time = 0;
  Date.now = () => time += milliseconds;
  try {
    return await run();
  } finally {
    Date.now = now;
  }
}

Deno.test('processNew: new and known events → the new ones, in order', async () => {
  const { context, asked } = contextWith({ process_crm_event: done });
  const events = await processNew(context, [stored('a'), stored('b', false), stored('c')]);
  assert.deepEqual(events.map(({ status }) => status), ['provisioned', 'received', 'provisioned']);
  assert.deepEqual(asked, ['process_crm_event a', 'process_crm_event c']);
});

Deno.test('processNew: the time budget is spent → at least one event processed, the rest left to the job', async () => {
  const { context, asked } = contextWith({ process_crm_event: done });
  const events = await withSteps(4000, () => processNew(context, [stored('old', false), stored('a'), stored('b')]));
  assert.deepEqual(events.map(({ status }) => status), ['received', 'provisioned', 'received']);
  assert.deepEqual(asked, ['process_crm_event a']);
});

Deno.test('processEvent: an internal error → recorded in the event, and logged without its values', async () => {
  const { context, asked, lines } = contextWith({
    process_crm_event: () => {
      throw new Error('away');
    },
    fail_crm_event: ({ crm_event_id: id }) => ({ id, eventId: 'e', status: 'failed', code: 'GC-015' }),
  });
  assert.equal((await processEvent(context, 'a')).status, 'failed');
  assert.deepEqual(asked, ['process_crm_event a', 'fail_crm_event a']);
  assert.match(lines[0], /\[CRM\] Event failed.*away/);
});

Deno.test('processDueEvents: one event fails → the others are processed', async () => {
  const due = [['a', 'b', 'c', 'd'], ['e'], []];
  const { context, asked } = contextWith({
    lease_crm_events: () => ({ events: due.shift() }),
    process_crm_event: (args) => {
      if (args.crm_event_id === 'b') throw new Error('away');
      return done(args);
    },
    fail_crm_event: done,
  });
  assert.deepEqual(await processDueEvents(context), { processed: 5 });
  assert.ok(asked.includes('fail_crm_event b') && asked.includes('process_crm_event e'));
});
