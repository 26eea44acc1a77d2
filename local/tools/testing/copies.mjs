/** Copies of the stack's database, for work that fills it. */
import { databaseUrl, withDatabase } from '../../stack/database.mjs';
import { loadFactories } from './factories.mjs';

/** Copies it under each name and loads the factories there; call it before others connect. */
export async function copyDatabase({ port, password }, names) {
  const server = databaseUrl({ port, password, role: 'supabase_admin', database: 'template1' });
  for (const name of names) {
    const copy = `create database ${name} owner postgres template postgres strategy file_copy`;
    await withDatabase(server, (sql) => sql.unsafe(copy));
    await loadFactories(databaseUrl({ port, password, database: name }));
  }
}
