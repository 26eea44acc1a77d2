/** `npm run bench -- growth`: every job, entry point, list, report and invariant on a filled database beside an empty one. */
import type { Case, Group } from './cases.ts';
import { connectOnce, withDatabase } from './connections.ts';
import { type Figure, measure } from './figures.ts';
import { fill } from './fill.ts';
import { prepare } from './prepare.ts';

const size = {
  rows: Number(Deno.env.get('GROWTH_ROWS') || 200_000),
  clients: Number(Deno.env.get('GROWTH_CLIENTS') || 5_000),
};

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
      if (/ (SLOW|READS)( |$)/.test(line)) offenders.push(`${group}: ${line}`);
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
  return `${name} ${figures.join(' ')}  ${
    isSlow ? 'SLOW' : readsMuch(before, after) ? 'READS' : 'ok'
  }  ${after.mostly}`;
}

const msOf = ({ ms, genericMs }: Figure) => Math.max(ms, genericMs);

/** Fast as yet, but it reads rows in proportion to the fill. */
function readsMuch(before: Figure, after: Figure): boolean {
  return after.rowsRead > 10 * Math.max(before.rowsRead, after.rowsReturned) + 1000 ||
    after.pages > 10 * before.pages + 300;
}
