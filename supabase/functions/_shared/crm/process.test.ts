import assert from 'node:assert/strict';
import { processDueEvents, processEvent, processNew } from './process.ts';

type Args = Record<string, unknown>;

/** A database that answers its doors like this, and remembers what it was asked. */
function deskWith(doors: Record<string, (args: Args) => unknown>) {
  const asked: string[] = [];
  const lines: string[] = [];
  const desk = {
    rpc: (door: string, args: Args) => {
      asked.push(`${door} ${args.crm_event_id ?? ''}`.trim());
      return Promise.resolve().then(() => ({ result: doors[door](args), sealed: null, replayed: false }));
    },
    log: (message: string, fields: Args = {}) => void lines.push(JSON.stringify({ message, ...fields })),
  };
  return { desk: desk as unknown as Parameters<typeof processEvent>[0], asked, lines };
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

Deno.test('crm: new events are dealt with in order, those told before are not', async () => {
  const { desk, asked } = deskWith({ process_crm_event: done });
  const events = await processNew(desk, [stored('a'), stored('b', false), stored('c')]);
  assert.deepEqual(events.map(({ status }) => status), ['provisioned', 'received', 'provisioned']);
  assert.deepEqual(asked, ['process_crm_event a', 'process_crm_event c']);
});

Deno.test('crm: while a CRM waits at least one event is dealt with; what takes too long is left to the job', async () => {
  const { desk, asked } = deskWith({ process_crm_event: done });
  const events = await withSteps(4000, () => processNew(desk, [stored('old', false), stored('a'), stored('b')]));
  assert.deepEqual(events.map(({ status }) => status), ['received', 'provisioned', 'received']);
  assert.deepEqual(asked, ['process_crm_event a']);
});

Deno.test('crm: what goes wrong on our side is noted in the event, and in the log without its values', async () => {
  const { desk, asked, lines } = deskWith({
    process_crm_event: () => {
      throw new Error('away');
    },
    fail_crm_event: ({ crm_event_id: id }) => ({ id, eventId: 'e', status: 'failed', code: 'GC-015' }),
  });
  assert.equal((await processEvent(desk, 'a')).status, 'failed');
  assert.deepEqual(asked, ['process_crm_event a', 'fail_crm_event a']);
  assert.match(lines[0], /\[CRM\] Event failed.*away/);
});

Deno.test('crm: the job deals with all that is due, and goes on when one fails', async () => {
  const due = [['a', 'b', 'c', 'd'], ['e'], []];
  const { desk, asked } = deskWith({
    lease_crm_events: () => ({ events: due.shift() }),
    process_crm_event: (args) => {
      if (args.crm_event_id === 'b') throw new Error('away');
      return done(args);
    },
    fail_crm_event: done,
  });
  assert.deepEqual(await processDueEvents(desk), { processed: 5 });
  assert.ok(asked.includes('fail_crm_event b') && asked.includes('process_crm_event e'));
});
