import assert from 'node:assert/strict';
import type { Case } from '../../bench/growth/cases.ts';
import { connectOnce, withDatabase } from '../../bench/growth/connections.ts';
import { measure } from '../../bench/growth/figures.ts';
import { fill } from '../../bench/growth/fill.ts';
import { prepare } from '../../bench/growth/prepare.ts';
import { stack } from '../support/stack.ts';
import { KNOWN_OFFENDERS, NOT_MEASURED } from './known.ts';

// `npm test` copies the stack's database under this name before anything else connects.
const url = withDatabase(stack.dbUrl, 'growth');

// A scan of any history table reads ROWS; one of the clients reads CLIENTS.
const ROWS = 10_000;
const CLIENTS = 2_000;

/** What a call may read, whatever the fill: ten times what it returns, and tables so small that they are scanned. */
const allowed = ({ group }: Case, returned: number) => 10 * returned + (group === 'list' ? 1_100 : 900);

/** Readers of small tenants: what all clients have in common is seen by any of them. */
const READERS = /, (small client_admin|customer|outsider)$/;

/** A list is one entry for all of its readers. */
const keyOf = ({ group, name }: Case) => group === 'list' ? `list ${name.split(',')[0]}` : name;

Deno.test('no job, entry point or list reads in proportion to history, tenants, campaigns or lots', async (test) => {
  await fill(url, { rows: ROWS, clients: CLIENTS }, () => {});
  const cases = (await prepare(url)).filter(({ group, name }) =>
    group === 'job' || group === 'entry point' || (group === 'list' && READERS.test(name))
  );
  const offenders = new Map<string, string>();
  const unmeasured = new Map<string, string>();
  const sql = connectOnce(url);
  try {
    for (const one of cases) await look(sql, one, offenders, unmeasured);
    // A plan over so small a fill may turn on the statistics of the moment: what reads much must do so with fresh ones as well.
    const suspects = cases.filter((one) => offenders.has(keyOf(one)) && !(keyOf(one) in KNOWN_OFFENDERS));
    if (suspects.length > 0) await sql`analyze`;
    for (const one of suspects) offenders.delete(keyOf(one));
    for (const one of suspects) await look(sql, one, offenders, unmeasured);
  } finally {
    await sql.end();
  }
  await test.step('each that is not a known offender reads little, with custom and generic plans', () => {
    assert.deepEqual([...offenders].filter(([name]) => !(name in KNOWN_OFFENDERS)).map(([, what]) => what), []);
  });
  // No failure: which plan is made for so small a fill may depend on the statistics of a run.
  for (const name of Object.keys(KNOWN_OFFENDERS)) {
    if (!offenders.has(name)) console.log(`known.ts: ${name} reads little now; take it off the list`);
  }
  await test.step('each entry point has a normal path in world.sql and values.ts, or a reason', () => {
    assert.deepEqual([...unmeasured].filter(([name]) => !(name in NOT_MEASURED)).map(([, what]) => what), []);
  });
});

async function look(
  sql: ReturnType<typeof connectOnce>,
  one: Case,
  offenders: Map<string, string>,
  unmeasured: Map<string, string>,
): Promise<void> {
  for (const plans of ['force_custom_plan', 'force_generic_plan'] as const) {
    const figure = await measure(sql, one, { calls: 2, plans });
    if (typeof figure === 'string') {
      unmeasured.set(one.name, `${one.name}: ${figure}`);
    } else if (figure.rowsRead > allowed(one, figure.rowsReturned)) {
      const what =
        `${one.name} reads ${figure.rowsRead} rows (${figure.mostly}) and returns ${figure.rowsReturned}, ${plans}`;
      if (!offenders.has(keyOf(one))) offenders.set(keyOf(one), what);
    }
  }
}
