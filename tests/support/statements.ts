/**
 * Counts what one call of a database function costs: the statements that it runs inside, the rows that it writes, its WAL.
 *
 * Postgres reports no nested statements without pg_stat_statements, which the local server lacks. It does report each plan that it
 * makes (`log_planner_stats`), with the statement as context; after `discard plans` each statement is planned once more, under
 * `force_custom_plan` each time it runs. A statement that a function with generic plans of its own repeats is counted once.
 */
import assert from 'node:assert/strict';
import postgres from 'postgres';
import { stack } from './stack.ts';

/** What a call costs. Foreign-key checks are not counted among its statements. */
export interface Cost {
  statements: number;
  rows: number;
  walBytes: number;
}

interface Call {
  text: string;
  values?: string[];
}

/** Runs `prepare` and the call it returns several times, so that nothing is measured for the first time; returns the cost of one. */
export async function costOf(prepare: (sql: postgres.Sql) => Call | Promise<Call>): Promise<Cost> {
  const notices: postgres.Notice[] = [];
  const url = stack.dbUrl.replace('//postgres:', '//supabase_admin:'); // the settings are a superuser's
  const sql = postgres(url, { max: 1, onnotice: (notice) => notices.push(notice) });
  try {
    for (let n = 0; n < 2; n++) await run(sql, await prepare(sql));

    const call = await prepare(sql);
    await sql`set plan_cache_mode = force_custom_plan`;
    await sql`discard plans`;
    notices.length = 0;
    await sql`set client_min_messages = log`;
    await sql`set log_planner_stats = on`;
    await run(sql, call);
    await sql`reset log_planner_stats`;
    await sql`reset client_min_messages`;
    await sql`reset plan_cache_mode`;
    const statements = notices.filter(isStatementInside).length;

    const rows = await rowsOf(sql, await prepare(sql));
    // the least of some: a call may split an index page or clean one up by chance
    let walBytes = Infinity;
    for (let n = 0; n < 4; n++) walBytes = Math.min(walBytes, await walOf(sql, await prepare(sql)));
    return { statements, rows, walBytes };
  } finally {
    await sql.end();
  }
}

/** Fails where a call costs more than it may; what it costs less is no failure, and a reason to lower the budget. */
export function assertWithin(budget: Cost, cost: Cost) {
  assert.ok(
    cost.statements > 0 && cost.statements <= budget.statements && cost.rows <= budget.rows &&
      cost.walBytes <= budget.walBytes,
    `costs ${JSON.stringify(cost)}, may cost ${JSON.stringify(budget)}`,
  );
}

const run = (sql: postgres.Sql, { text, values = [] }: Call) => sql.unsafe(text, values);

// Expressions are planned, too, but only those with a query run as statements.
function isStatementInside({ message, where = '' }: postgres.Notice): boolean {
  if (message !== 'PLANNER STATISTICS' || where.startsWith('SQL statement "SELECT 1 FROM ONLY')) return false;
  return where.startsWith('SQL statement') || /^SQL expression "[^"]*\bselect\b/i.test(where);
}

// Statistics of earlier transactions may be pending still, so the rows are the difference.
async function rowsOf(sql: postgres.Sql, call: Call): Promise<number> {
  await sql`begin`;
  const before = await rowsWritten(sql);
  await run(sql, call);
  const rows = await rowsWritten(sql) - before;
  await sql`commit`;
  return rows;
}

async function rowsWritten(sql: postgres.Sql): Promise<number> {
  const [{ rows }] = await sql`
    select sum(n_tup_ins + n_tup_upd + n_tup_del)::int as rows from pg_stat_xact_user_tables`;
  return rows;
}

async function walOf(sql: postgres.Sql, { text, values = [] }: Call): Promise<number> {
  const [{ 'QUERY PLAN': [{ Plan }] }] = await sql.unsafe(`explain (analyze, wal, format json) ${text}`, values);
  return Plan['WAL Bytes'];
}
