/** Copies of the stack's database, for work that must not touch it or that fills it. */
import { databaseUrl, withDatabase } from '../../stack/database.mjs';
import { loadFactories } from './factories.mjs';

/** Copies it, factories included, under each name; call it before others connect. */
export async function copyDatabase({ port, password }, names) {
  const server = databaseUrl({ port, password, role: 'supabase_admin', database: 'template1' });
  for (const name of names) {
    await withDatabase(server, (sql) => sql.unsafe(`create database ${name} owner postgres template postgres strategy file_copy`));
    await loadFactories(databaseUrl({ port, password, database: name }));
  }
}
