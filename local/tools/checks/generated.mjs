/** Makes the texts of the generated files that are committed: database types, and the error codes as a page and as a migration. */
import { capture } from '../../stack/capture.mjs';
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

/** The TypeScript types of the database that the migrations make. */
export async function databaseTypes() {
  const { folder: dataFolder } = await throwawayData();
  const { url } = await startDatabase({ dataFolder, port: await freePort(), fast: true });
  const { code, stdout, output } = await supabase(['gen', 'types'], url);
  if (code !== 0) throw new Error(output);
  return stdout;
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
