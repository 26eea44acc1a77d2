import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';

/** What is given for each type of argument, besides null: values that edge functions never send. */
const GIVEN: Record<string, unknown[]> = {
  text: ['', ' ', 'x'.repeat(5000)],
  jsonb: [[], {}, 'x', 5, [{}], [null], [5]],
  integer: [0, -1, 2147483647],
  numeric: [0, -1, 1e20, 'NaN'],
};

/** What stands for the other arguments meanwhile. */
const USUAL: Record<string, unknown> = {
  text: 'x',
  'text[]': [],
  integer: 1,
  numeric: 1,
  boolean: true,
  jsonb: {},
  inet: '192.0.2.1',
  request: `(${crypto.randomUUID()},,192.0.2.1,,)`,
};

interface ServiceEntryPoint {
  name: string;
  names: string[];
  types: string[];
}

class Undone extends Error {}

/** The raw error of a call, if it is none of the catalogue's; undoes the call. */
async function rawErrorOf({ name, types }: ServiceEntryPoint, values: unknown[]): Promise<string | null> {
  const list = types.map((type, n) =>
    type.endsWith('[]')
      ? `(select case when $${n + 1}::text is null then null
          else array(select jsonb_array_elements_text($${n + 1}::text::jsonb)) end)::${type}`
      : `($${n + 1}::text)::${type}`
  );
  const parameters = values.map((value, n) =>
    value === null ? null : types[n] === 'jsonb' || types[n].endsWith('[]') ? JSON.stringify(value) : String(value)
  );
  try {
    await sql.begin(async (transaction) => {
      await transaction`select set_config('request.jwt.claims', '{"role":"service_role"}', true), set_config('role', 'service_role', true)`;
      await transaction.unsafe(`select public.${name}(${list})`, parameters as string[]);
      throw new Undone();
    });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return error instanceof Undone || /^(GC|VC|WL|RB)\d{3}$/.test(code ?? '') ? null : `${code} ${message}`;
  }
  throw new Error('not reached');
}

Deno.test('service entry points: null and foreign arguments → taken, or refused, never a raw database error', async () => {
  const entries = await sql<ServiceEntryPoint[]>`
    select p.proname as name, coalesce(p.proargnames, '{}') as names, array(
      select replace(format_type(a.type, null), 'public.', '') from unnest(p.proargtypes::oid[]) with ordinality a (type, n) order by a.n) as types
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and has_function_privilege('service_role', p.oid, 'execute')
      and not has_function_privilege('authenticated', p.oid, 'execute')
    order by p.proname`;
  const problems = new Map<string, string>();
  for (const entry of entries) {
    const usual = entry.types.map((type): unknown => type === 'uuid' ? crypto.randomUUID() : USUAL[type] ?? null);
    const calls: [argument: string, values: unknown[]][] = [['*', usual.map(() => null)]];
    entry.types.forEach((type, n) => {
      for (const value of [null, ...GIVEN[type] ?? []]) calls.push([entry.names[n], usual.with(n, value)]);
    });
    for (const [argument, values] of calls) {
      const raw = await rawErrorOf(entry, values);
      if (raw) problems.set(`${entry.name}.${argument}`, raw);
    }
  }
  assert.deepEqual(Object.fromEntries(problems), {});
});
