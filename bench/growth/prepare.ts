/** What is measured in one database, empty or filled, after the jobs have done what is due there. */
import { type Case, claims, entryPoints, type Facts, invariants, jobs, lists, normalPaths, reports } from './cases.ts';
import { type Connection, connectOnce } from './connections.ts';

const folder = new URL('./', import.meta.url);

/** Makes the small tenant, lets the jobs do what is due, and tells what is to be measured. */
export async function prepare(url: string): Promise<Case[]> {
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
async function bigTenant(sql: Connection): Promise<Facts> {
  const [{ isFilled }] = await sql`select to_regnamespace('growth') is not null as "isFilled"`;
  if (!isFilled) return {};
  const [row] = await sql`
    select growth.id('client', 1) as client_id, growth.id('client_admin', 1) as client_admin, growth.id('call_agent', 1) as call_agent,
      (select growth.id('agency_admin', n) from generate_series(1, 1000) n, public.clients c
        where c.id = growth.id('client', 1) and c.agency_id = growth.id('agency', n)) as agency_admin`;
  return row as Facts;
}

/** Where a claim is made: in an empty database all of them are the small tenant's. */
async function places(sql: Connection): Promise<[string, Record<string, unknown> | undefined][]> {
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
async function settle(sql: Connection, { statement, name }: Case): Promise<void> {
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
