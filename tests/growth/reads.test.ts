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
  let filtering: string[];
  try {
    filtering = await keysThatFilter(sql);
    for (const one of cases) await look(sql, one, offenders, unmeasured);
    // A plan over so small a fill may turn on the statistics of the moment: what reads much must do so with fresh ones as well.
    const suspects = cases.filter((one) => offenders.has(keyOf(one)) && !(keyOf(one) in KNOWN_OFFENDERS));
    if (suspects.length > 0) await sql`analyze`;
    for (const one of suspects) offenders.delete(keyOf(one));
    for (const one of suspects) await look(sql, one, offenders, unmeasured);
  } finally {
    await sql.end();
  }
  await test.step('each foreign-key check → finds its row by id, and filters no rows of a tenant', () => {
    assert.deepEqual(filtering, []);
  });
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

/** Foreign keys whose check, as Postgres words it, reads rows of an index only to filter them: all rows of a campaign, for one. */
async function keysThatFilter(sql: ReturnType<typeof connectOnce>): Promise<string[]> {
  const keys = await sql`
    select k.conname as name, k.confrelid::regclass::text as parent, count(*)::int as columns,
      string_agg(format('x.%I = $%s', a.attname, c.n), ' and ' order by c.n) as condition,
      string_agg(format_type(a.atttypid, null), ', ' order by c.n) as types
    from pg_constraint k, unnest(k.confkey) with ordinality as c (attnum, n)
    join pg_attribute a on a.attnum = c.attnum
    where k.contype = 'f' and a.attrelid = k.confrelid and k.connamespace in ('public'::regnamespace, 'private'::regnamespace)
    group by k.oid`;
  await sql`set plan_cache_mode = force_generic_plan`;
  const filtering: string[] = [];
  for (const { name, parent, columns, condition, types } of keys) {
    await sql.unsafe(
      `prepare key_check (${types}) as select 1 from only ${parent} x where ${condition} for key share of x`,
    );
    const plan = await sql.unsafe(`explain execute key_check (${Array(columns).fill('null').join(', ')})`);
    await sql.unsafe('deallocate key_check');
    const lines = plan.map((line) => line['QUERY PLAN']);
    // A row that was found by its id may be compared with its tenant; a table of a page or two is scanned, and rightly.
    if (lines.some((line) => /Filter: .*\bid = /.test(line)) && !lines.some((line) => /Seq Scan/.test(line))) {
      filtering.push(`${name}: ${lines.join(' | ')}`);
    }
  }
  await sql`reset plan_cache_mode`;
  return filtering;
}
