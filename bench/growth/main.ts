/** `npm run bench -- growth`: every job, entry point, list, report and invariant on a filled database beside an empty one. */
import {
  type Case,
  claims,
  entryPoints,
  type Facts,
  type Group,
  invariants,
  jobs,
  lists,
  normalPaths,
  reports,
} from './cases.ts';
import { connectOnce, withDatabase } from './connections.ts';
import { type Figure, measure } from './figures.ts';
import { fill } from './fill.ts';

const size = {
  rows: Number(Deno.env.get('GROWTH_ROWS') || 200_000),
  clients: Number(Deno.env.get('GROWTH_CLIENTS') || 5_000),
};

const folder = new URL('./', import.meta.url);

/** Whether a figure is what it should be, whatever the fill. */
const GOALS: Record<Group, [string, (empty: number, filled: number, isBig: boolean) => boolean]> = {
  'job': ['3 ms or 1.5 times', (empty, filled) => filled <= Math.max(3, 1.5 * empty)],
  'entry point': ['1.5 times', (empty, filled) => filled <= Math.max(1.5 * empty, empty + 1)],
  'list': ['5 ms, or 20 ms for big tenants', (_, filled, isBig) => filled <= (isBig ? 20 : 5)],
  'report of a day': ['300 ms', (_, filled) => filled <= 300],
  'report of a year': ['1 s', (_, filled) => filled <= 1000],
  'invariant': ['10 s', (_, filled) => filled <= 10_000],
};

/** Fills a copy of the stack's database and prints what each case takes there and on an empty copy. */
export async function growth(): Promise<void> {
  const stack = Deno.env.get('DB_URL')!;
  const [empty, filled] = ['growth_empty', 'growth_filled'].map((name) => withDatabase(stack, name));
  console.log(
    `\nFilling: ${size.rows.toLocaleString('en')} rows of history, ${size.clients.toLocaleString('en')} clients`,
  );
  if (!Deno.env.get('GROWTH_KEEP')) await fill(filled, size, console.log);
  const before = await prepare(empty);
  const after = await prepare(filled);
  const sessions = [empty, filled].map(connectOnce);
  const groups = [...new Set(before.map(({ group }) => group))];
  const only = Deno.env.get('GROWTH_ONLY');
  const offenders: string[] = [];
  for (const group of groups) {
    const [goal, isMet] = GOALS[group];
    console.log(`\n${`${group} (goal: ${goal})`.padEnd(62)} ${HEADER}`);
    for (const one of before.filter((each) => each.group === group && (!only || each.name.includes(only)))) {
      const other = after.find((each) => each.group === group && each.name === one.name);
      const figures = [await measure(sessions[0], one), other ? await measure(sessions[1], other) : 'not there'];
      const line = lineOf(one, figures, isMet);
      console.log(line);
      if (/(SLOW|READS)$/.test(line)) offenders.push(`${group}: ${line}`);
    }
  }
  for (const session of sessions) await session.end();
  console.log(`\nOffenders: ${offenders.length}\n${offenders.join('\n')}`);
}

const HEADER = ['empty', 'filled', 'generic', 'ratio', 'pages', 'pages', 'rows'].map((text) => text.padStart(8)).join(
  ' ',
);

function lineOf(measured: Case, [before, after]: (Figure | string)[], isMet: (typeof GOALS)[Group][1]): string {
  const name = measured.name.padEnd(62);
  if (typeof after === 'string') {
    return /^more than/.test(after) ? `${name} ${after.padStart(8)}  SLOW` : `${name} not measured: ${after}`;
  }
  if (typeof before === 'string') return `${name} not measured: ${before}`;
  const figures = [
    msOf(before).toFixed(2),
    after.ms.toFixed(2),
    after.genericMs.toFixed(2),
    (msOf(after) / msOf(before)).toFixed(1),
    before.pages,
    after.pages,
    after.rowsRead,
  ].map((figure) => String(figure).padStart(8));
  const hasGrown = after.pages > 1.5 * before.pages + 32 || after.rowsRead > 2 * before.rowsRead + 200;
  // A busy machine makes slow what reads no more than before.
  const isSlow = !isMet(msOf(before), msOf(after), measured.isBig ?? false) && hasGrown;
  return `${name} ${figures.join(' ')}  ${isSlow ? 'SLOW' : readsMuch(before, after) ? 'READS' : 'ok'}`;
}

const msOf = ({ ms, genericMs }: Figure) => Math.max(ms, genericMs);

/** Fast as yet, but it reads rows in proportion to the fill. */
function readsMuch(before: Figure, after: Figure): boolean {
  return after.rowsRead > 10 * Math.max(before.rowsRead, after.rowsReturned) + 1000 ||
    after.pages > 10 * before.pages + 300;
}

/** Makes the small tenant, lets the jobs do what is due, and tells what is to be measured. */
async function prepare(url: string): Promise<Case[]> {
  const own = connectOnce(url);
  try {
    for (const name of ['probe.sql', 'world.sql']) {
      await own.unsafe(await Deno.readTextFile(new URL(name, folder))).simple();
    }
    for (const { name, problem } of await own`select * from probe.problems`) console.log(`  ${name}: ${problem}`);
    const facts: Facts = Object.fromEntries(
      (await own`select * from probe.facts`).map(({ name, value }) => [name, value]),
    );
    const big = { ...facts, ...await bigTenant(own) };
    const entries = await entryPoints(own);
    const work = jobs(entries, facts);
    for (const job of work) await settle(own, job);
    return [
      ...work,
      ...normalPaths(entries, facts),
      ...claims(entries, await places(own), facts),
      ...await lists(own, facts, big),
      ...reports(entries, facts, big),
      ...await invariants(own),
    ];
  } finally {
    await own.end();
  }
}

/** The big tenant of the fill; none in an empty database. */
async function bigTenant(sql: ReturnType<typeof connectOnce>): Promise<Facts> {
  const [{ isFilled }] = await sql`select to_regnamespace('growth') is not null as "isFilled"`;
  if (!isFilled) return {};
  const [row] = await sql`
    select growth.id('client', 1) as client_id, growth.id('client_admin', 1) as client_admin, growth.id('call_agent', 1) as call_agent,
      (select growth.id('agency_admin', n) from generate_series(1, 1000) n, public.clients c
        where c.id = growth.id('client', 1) and c.agency_id = growth.id('agency', n)) as agency_admin`;
  return row as Facts;
}

/** Where a claim is made: in an empty database all of them are the small tenant's. */
async function places(sql: ReturnType<typeof connectOnce>): Promise<[string, Record<string, unknown> | undefined][]> {
  const names = [
    'small tenant',
    'campaign of 6 in 10 recipients',
    'pool of 1,000 lots',
    'brand with pools of 2 clients in 5',
  ];
  const [{ isFilled }] = await sql`select to_regnamespace('growth') is not null as "isFilled"`;
  if (!isFilled) return names.map((name) => [name, undefined]);
  const ungiven = async (client: number, condition: number) => {
    const [row] = await sql`
      select r.id, r.campaign_id from public.campaign_recipients r where r.campaign_id = growth.id('campaign', ${client})
        and not exists (select from public.gift_card_grants g where g.recipient_id = r.id and g.condition_number = ${condition})
        and not exists (select from public.pending_rewards p where p.recipient_id = r.id and p.status like 'awaiting%') limit 1`;
    return {
      recipient_id: row.id,
      condition_number: String(condition),
      campaign_id: row.campaign_id,
      brand_id: null,
      denomination: null,
    };
  };
  // clients 4 and 6: see the fill; 6 % 5 is less than 2, so that brand 1 is its brand
  return [[names[0], undefined], [names[1], await ungiven(1, 2)], [names[2], await ungiven(4, 2)], [
    names[3],
    await ungiven(6, 2),
  ]];
}

/** Runs a job until it finds nothing new to do. */
async function settle(sql: ReturnType<typeof connectOnce>, { statement, name }: Case): Promise<void> {
  let last = '';
  for (let times = 0; times < 100; times++) {
    const startedAt = performance.now();
    try {
      const [answer] = await sql.unsafe(
        `set statement_timeout = '120s'; select to_jsonb(x)::text as answer from (${statement}) x`,
      ).simple()
        .then((results) => (results as unknown as { answer: string }[][]).at(-1)!);
      if (answer.answer === last) return;
      last = answer.answer;
    } catch (error) {
      console.log(`  ${name}: ${(error as Error).message}`);
      return;
    }
    if (performance.now() - startedAt > 20_000) {
      console.log(`  ${name} took ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    }
  }
}
