/** Loads the factories of supabase/tests/helpers.sql, which make tenants, cards and users for tests and benchmarks. */
import { readFileSync } from 'node:fs';
import { withDatabase } from '../database.mjs';
import { inProject } from '../paths.mjs';

/** Makes the schema `tests` in a database. */
export function loadFactories(url) {
  const text = readFileSync(inProject('supabase', 'tests', 'helpers.sql'), 'utf8');
  return withDatabase(url, (sql) => sql.unsafe(text).simple());
}
