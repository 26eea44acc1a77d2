/** Loads the factories of supabase/tests/helpers, which make tenants, cards and users for tests and benchmarks. */
import { readdirSync, readFileSync } from 'node:fs';
import { withDatabase } from '../../stack/database.mjs';
import { inProject } from '../../stack/paths.mjs';

const folder = inProject('supabase', 'tests', 'helpers');

/** Their names in the order of loading. They are no `.sql` files, because `supabase test db` runs each of those as a test. */
export function factoryFiles() {
  const others = readdirSync(folder).filter((name) => name.endsWith('.psql') && name !== 'core.psql').sort();
  return ['core.psql', ...others]; // core makes the schema
}

/** Makes the schema `tests` in a database. */
export function loadFactories(url) {
  const text = factoryFiles().map((name) => readFileSync(inProject('supabase', 'tests', 'helpers', name), 'utf8')).join(
    '\n',
  );
  return withDatabase(url, (sql) => sql.unsafe(text).simple());
}
