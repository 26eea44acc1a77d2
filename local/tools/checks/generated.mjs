/** Makes the texts of the generated files that are committed: database types, the API's description, and the error codes as a page and as a migration. */
import { readFileSync } from 'node:fs';
import { capture } from '../../stack/capture.mjs';
import { withDatabase } from '../../stack/database.mjs';
import { denoExecutable, inProject } from '../../stack/paths.mjs';
import { freePort } from '../../stack/ports.mjs';
import { supabase } from '../../stack/migrate.mjs';
import { startDatabase } from '../../stack/stack.mjs';
import { throwawayData } from '../../stack/throwaway.mjs';

/** Where the database's types stand. */
export const typesFile = inProject('supabase', 'functions', '_shared', 'http', 'database.types.ts');

/** Where the error codes are listed for callers. */
export const errorsFile = inProject('docs', 'errors.md');

/** The migration that fills the database's catalogue of errors. */
export const errorsMigration = inProject('supabase', 'migrations', '20260101000010_core_errors.sql');

/** The OpenAPI description of the functions and of the entry points. */
export const openapiFile = inProject('docs', 'openapi.json');

/** The TypeScript types of the database that the migrations make. */
export async function databaseTypes() {
  return (await database()).types;
}

/** The text of docs/openapi.json, made from the contracts and the database that the migrations make. */
export async function openapi() {
  const { entryPoints } = await database();
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const script = inProject('local', 'tools', 'checks', 'openapi.ts');
  const input = JSON.stringify({ entryPoints, version });
  const { code, stdout, stderr } = await capture(denoExecutable(), ['run', '-A', script], {}, input);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

let described;

/** What two generated files need of one migrated database. */
function database() {
  return described ??= describeDatabase();
}

async function describeDatabase() {
  const { folder: dataFolder } = await throwawayData();
  const { url } = await startDatabase({ dataFolder, port: await freePort(), fast: true });
  const { code, stdout, output } = await supabase(['gen', 'types'], url);
  if (code !== 0) throw new Error(output);
  return { types: stdout, entryPoints: await withDatabase(url, entryPoints) };
}

/** Every public function that `authenticated` may execute, with its comment, arguments and result. */
function entryPoints(sql) {
  return sql`
    select p.proname as name, obj_description(p.oid, 'pg_proc') as comment,
      format_type(p.prorettype, null) as result, p.proretset as "isSet",
      (select coalesce(json_agg(json_build_object('name', a.name, 'type', format_type(a.type, null),
          'isOptional', a.place > p.pronargs - p.pronargdefaults) order by a.place), '[]')
        from unnest(p.proargnames, p.proargtypes::oid[]) with ordinality as a (name, type, place)
        where a.place <= p.pronargs) as args,
      (select coalesce(json_agg(json_build_object('name', c.name, 'type', format_type(c.type, null)) order by c.place), '[]')
        from (
          select a.name, a.type, a.place from unnest(p.proargnames, p.proallargtypes, p.proargmodes)
            with ordinality as a (name, type, mode, place) where a.mode = 't'
          union all
          select a.attname, a.atttypid, a.attnum from pg_type t
          join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
          where t.oid = p.prorettype and t.typrelid <> 0) c) as columns
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
      and has_function_privilege('authenticated', p.oid, 'execute')
    order by p.proname`;
}

/** The page about error codes, made from their catalogue. */
export function errorsPage() {
  return printed('errors_doc.ts');
}

/** The SQL of that migration. */
export function errorsSql() {
  return printed('errors_sql.ts');
}

async function printed(script) {
  const path = inProject('supabase', 'functions', '_shared', 'http', script);
  const { code, stdout, stderr } = await capture(denoExecutable(), ['run', '-A', path]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}
