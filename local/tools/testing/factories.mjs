/** Loads the factories of supabase/tests/helpers*.sql, which make tenants, cards and users for tests and benchmarks. */
import { readdirSync, readFileSync } from 'node:fs';
import { withDatabase } from '../../stack/database.mjs';
import { inProject } from '../../stack/paths.mjs';

/** Makes the schema `tests` in a database. */
export function loadFactories(url) {
  const folder = inProject('supabase', 'tests');
  const names = readdirSync(folder).filter((name) => name.startsWith('helpers')).sort();
  const text = names.map((name) => readFileSync(inProject('supabase', 'tests', name), 'utf8')).join('\n');
  return withDatabase(url, (sql) => sql.unsafe(text).simple());
}
