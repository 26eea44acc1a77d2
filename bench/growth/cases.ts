/** What is measured, as the catalog knows it: a new table, view, report, job or entry point is measured without a line here. */
import type { Connection } from './connections.ts';
import { FACTS, LEFT_OUT, VALUES } from './values.ts';

/** Facts of a database by name: ids of its small tenant. */
export type Facts = Record<string, string>;

/** Groups of cases, each with a goal of its own. */
export type Group = 'job' | 'entry point' | 'list' | 'report of a day' | 'report of a year' | 'invariant';

/** One statement and who runs it; `users` are tried in turn until one is allowed. */
export interface Case {
  group: Group;
  name: string;
  statement: string;
  role: 'service_role' | 'authenticated' | 'postgres';
  users?: string[];
  /** Whether it is about a client with many rows. */
  isBig?: boolean;
  /** Why it cannot be measured. */
  problem?: string;
}

interface Argument {
  name: string;
  type: string;
  isOptional: boolean;
}

interface Entry {
  name: string;
  args: Argument[];
  isAdmin: boolean;
}

/** Every public function that servers or people may call. */
export async function entryPoints(sql: Connection): Promise<Entry[]> {
  const rows = await sql`
    select p.proname as name, has_function_privilege('authenticated', p.oid, 'execute') as "isAdmin",
      coalesce(json_agg(json_build_object('name', a.name, 'type', format_type(a.type, null),
        'isOptional', a.place > p.pronargs - p.pronargdefaults) order by a.place) filter (where a.name is not null), '[]') as args
    from pg_proc p left join lateral unnest(p.proargnames, p.proargtypes::oid[]) with ordinality as a (name, type, place)
      on a.place <= p.pronargs
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f'
      and has_function_privilege('service_role', p.oid, 'execute')
    group by p.oid order by p.proname`;
  return rows as unknown as Entry[];
}

const JOB = /^(lease|expire|release|watch|fulfil|run|due|purge|fold|refresh|roll)_/;
const isJob = ({ name, args }: Entry) =>
  JOB.test(name) && args.every((arg) => ['batch_size', 'grace_seconds', 'suppliers', 'delivery_id'].includes(arg.name));
const isReport = ({ name }: Entry) => name.startsWith('report_');

/** Jobs, among them parts of the housekeeping that have an entry point of their own only in private. */
export function jobs(entries: Entry[], facts: Facts): Case[] {
  return entries.filter(isJob).map((entry) => ({
    group: 'job',
    name: entry.name,
    role: 'service_role',
    ...statementOf(entry, facts, { delivery_id: null }),
  }));
}

/** Every other entry point, on its normal path for the small tenant. */
export function normalPaths(entries: Entry[], facts: Facts): Case[] {
  return entries.filter((entry) => !isJob(entry) && !isReport(entry)).map((entry) => ({
    group: 'entry point',
    name: entry.name,
    role: entry.isAdmin ? 'authenticated' : 'service_role',
    ...(entry.isAdmin ? { users: ['client_admin', 'agency_admin', 'platform_admin'].map((user) => facts[user]) } : {}),
    ...statementOf(entry, facts),
  }));
}

/** Reports of a day and of a year: of the small client, of the big one, of its agency, of all. */
export function reports(entries: Entry[], facts: Facts, big: Facts): Case[] {
  const ranges = [['report of a day', 2, 2], ['report of a year', 366, 1]] as const;
  const readers = [
    ['small client', facts.client_admin, facts.client_id, false],
    ['big client', big.client_admin, big.client_id, true],
    ["big client's agency", big.agency_admin, null, true],
    ['platform', facts.platform_admin, null, true],
  ] as const;
  return entries.filter(isReport).flatMap((entry) =>
    ranges.flatMap(([group, from, until]) =>
      readers.filter(([, , client]) => client || isOptional(entry, 'client_id')).map(
        ([reader, user, client, isBig]) => {
          const given: Record<string, unknown> = { client_id: client };
          for (const { name } of entry.args) {
            if (name === 'from_day') given[name] = day(from);
            if (name === 'to_day') given[name] = day(until);
            if (name === 'since') given[name] = day(from);
            if (name === 'until') given[name] = day(until);
          }
          return {
            group,
            name: `${entry.name}, ${reader}`,
            role: 'authenticated' as const,
            users: [user],
            isBig,
            ...statementOf(entry, facts, given),
          };
        },
      )
    )
  );
}

const isOptional = ({ args }: Entry, name: string) => args.some((arg) => arg.name === name && arg.isOptional);

const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);

/** The newest 50 rows of everything that can be listed, as each role. */
export async function lists(sql: Connection, facts: Facts, big: Facts): Promise<Case[]> {
  const tables = await sql`
    select c.relname as name, (
      select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        and a.attname in ('id', 'created_at', 'used_at', 'name')
      -- ids that are numbers are in the order of time
      order by a.attname = 'id' and a.atttypid = 'bigint'::regtype desc,
        array_position(array['created_at', 'used_at', 'id', 'name'], a.attname::text) limit 1) as newest,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'client_id' and a.attnum > 0) as "hasClient"
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition
      and has_table_privilege('authenticated', c.oid, 'select')
    order by 1`;
  const readers = [
    ['small client_admin', facts.client_admin, false],
    ['small agency_admin', facts.agency_admin, false],
    ['small call_agent', facts.call_agent, false],
    ['customer', facts.customer, false],
    ['outsider', facts.outsider, false],
    ['big client_admin', big.client_admin, true],
    ['big agency_admin', big.agency_admin, true],
    ['platform_admin', facts.platform_admin, true],
  ] as const;
  return tables.flatMap(({ name, newest, hasClient }) => {
    const listed = (reader: string, user: string, isBig: boolean, filter: string): Case => ({
      group: 'list',
      name: `${name}, ${reader}`,
      role: 'authenticated',
      users: [user],
      isBig,
      statement: `select * from public.${name}${filter}${newest ? ` order by ${newest} desc` : ''} limit 50`,
    });
    const byClient = (client: string) => ` where client_id = '${client}'`;
    return [
      ...readers.map(([reader, user, isBig]) => listed(reader, user, isBig, '')),
      // the form that an index gives in order: of one client
      ...(hasClient
        ? [
          listed('small client_admin by client_id', facts.client_admin, false, byClient(facts.client_id)),
          listed('big client_admin by client_id', big.client_admin, true, byClient(big.client_id)),
        ]
        : []),
    ];
  });
}

/** The invariant views, but not the one that reads them all. */
export async function invariants(sql: Connection): Promise<Case[]> {
  const views = await sql`
    select c.relname as name from pg_class c
    where c.relnamespace = 'private'::regnamespace and c.relkind = 'v' and c.relname <> 'invariant_violations' order by 1`;
  return views.map(({ name }) => ({
    group: 'invariant',
    name,
    role: 'postgres',
    statement: `select count(*) from private.${name}`,
  }));
}

/** The claim of one recipient, in campaigns and pools of all sizes. */
export function claims(
  entries: Entry[],
  places: [string, Record<string, unknown> | undefined][],
  facts: Facts,
): Case[] {
  const entry = entries.find(({ name }) => name === 'provision_gift_card')!;
  return places.map(([place, given]) => ({
    group: 'entry point',
    name: `provision_gift_card, ${place}`,
    role: 'service_role',
    ...statementOf(entry, facts, { ...given, actor: null, delivery_method: null, deliver_to: null }),
  }));
}

/** The call of an entry point by name; `given` goes before facts and values. */
function statementOf(
  { name, args }: Entry,
  facts: Facts,
  given: Record<string, unknown> = {},
): { statement: string; problem?: string } {
  const missing: string[] = [];
  const parts = args.flatMap((arg) => {
    const value = valueOf(name, arg, facts, given);
    if (value === undefined && arg.isOptional) return [];
    if (value === undefined && arg.type === 'uuid' && !LEFT_OUT.has(`${name}.${arg.name}`)) missing.push(arg.name);
    return [`${arg.name} => ${literal(arg.type, value)}`];
  });
  const statement = `select * from public.${name}(${parts.join(', ')})`;
  return missing.length > 0 ? { statement, problem: `no value for ${missing.join(', ')}` } : { statement };
}

function valueOf(entry: string, { name, type }: Argument, facts: Facts, given: Record<string, unknown>): unknown {
  if (name in given) return given[name];
  const own = `${entry}.${name}`;
  if (LEFT_OUT.has(own)) return undefined;
  const actor = 'actor' in given ? given.actor : facts[FACTS[`${entry}.actor`] ?? FACTS.actor];
  if (type.endsWith('request')) {
    return { id: crypto.randomUUID(), actor, ip: VALUES.ip, idempotency_key: 'growth', hash: 'growth' };
  }
  if (name === 'actor') return actor;
  if (name === 'request_id') return crypto.randomUUID();
  if (name === 'idempotency_key' || name === 'request_hash') return 'growth';
  return VALUES[own] ?? facts[own] ?? facts[FACTS[own]] ?? VALUES[name] ?? facts[name] ?? facts[FACTS[name]];
}

function literal(type: string, value: unknown): string {
  if (value === undefined || value === null) return `null::${type}`;
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  if (type.endsWith('request')) return `jsonb_populate_record(null::${type}, ${quoted(JSON.stringify(value))})`;
  if (type === 'jsonb') return `${quoted(JSON.stringify(value))}::jsonb`;
  if (type.endsWith('[]')) return `array[${(value as string[]).map(quoted).join(', ')}]::${type}`;
  return `${quoted(String(value))}::${type}`;
}
