/** Runs a case in one database and tells what it took. */
import type { Connection } from './connections.ts';
import type { Case } from './cases.ts';

/** Medians of a session's first calls and of those after its fifth, which use generic plans, and what one call read. */
export interface Figure {
  ms: number;
  genericMs: number;
  pages: number;
  rowsRead: number;
  rowsReturned: number;
  /** The table of which it read most, with the rows. */
  mostly: string;
}

// Statements of lists, reports and views have no parameters, and so only one plan.
const callsOf = ({ group }: Case) => group === 'job' || group === 'entry point' ? 11 : 4;
const PATIENCE = '60s';

/** How a case is run: so many calls, all with plans of one kind instead of those that Postgres chooses. */
export interface Options {
  calls?: number;
  plans?: 'force_custom_plan' | 'force_generic_plan';
}

/** Measures a case; a text says why it could not be. */
export async function measure(sql: Connection, measured: Case, options: Options = {}): Promise<Figure | string> {
  if (measured.problem) return measured.problem;
  const refusals: string[] = [];
  for (const user of measured.users ?? [undefined]) {
    const refusal = await dryRun(sql, measured, user);
    if (!refusal) return await run(sql, measured, user, options);
    refusals.push(refusal);
  }
  return refusals.at(-1)!;
}

class Undone extends Error {}

/** Works as the case's role and user in a transaction that is undone. */
async function as<Result>(
  sql: Connection,
  { role }: Case,
  user: string | undefined,
  work: (transaction: Connection) => Promise<Result>,
): Promise<Result> {
  let result: Result;
  try {
    await sql.begin(async (transaction) => {
      const claims = JSON.stringify(user ? { sub: user, role } : { role });
      await transaction`select set_config('statement_timeout', ${PATIENCE}, true)`;
      if (role !== 'postgres') {
        await transaction`select set_config('request.jwt.claims', ${claims}, true), set_config('role', ${role}, true)`;
      }
      result = await work(transaction as unknown as Connection);
      throw new Undone();
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
  return result!;
}

/** Why a call is refused, or undefined. */
async function dryRun(sql: Connection, measured: Case, user?: string): Promise<string | undefined> {
  if (measured.group === 'list' || measured.group === 'invariant') return;
  try {
    const rows = await as(
      sql,
      measured,
      user,
      (transaction) => transaction.unsafe(`select to_jsonb(x) as answer from (${measured.statement}) x`),
    );
    const answer = Object.values(rows[0]?.answer ?? {})[0] as { outcome?: string; code?: string } | null;
    return answer?.outcome === 'refused' ? `refused ${answer.code}` : undefined;
  } catch (error) {
    return problemOf(error);
  }
}

type Run = { ms: number; pages: string; rows_read: string; rows_returned: string; mostly: string | null };

async function run(
  sql: Connection,
  measured: Case,
  user: string | undefined,
  { calls = callsOf(measured), plans }: Options,
): Promise<Figure | string> {
  try {
    const runs = await as(sql, measured, user, async (transaction) => {
      if (plans) await transaction`select set_config('plan_cache_mode', ${plans}, true)`;
      return await transaction`select * from probe.run(${measured.statement}, ${calls})`;
    }) as unknown as Run[];
    const [first, later] = [runs.slice(1, 5), runs.slice(6)];
    const last = runs.at(-1)!;
    const ms = median((first.length > 0 ? first : runs).map((each) => each.ms));
    return {
      ms,
      genericMs: later.length > 0 ? median(later.map((each) => each.ms)) : ms,
      pages: Number(last.pages),
      rowsRead: Number(last.rows_read),
      rowsReturned: Number(last.rows_returned),
      mostly: String(last.mostly ?? ''),
    };
  } catch (error) {
    return problemOf(error);
  }
}

function problemOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return code === '57014' ? `more than ${PATIENCE}` : `${code ?? ''} ${message}`.slice(0, 90);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
