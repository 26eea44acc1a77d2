/** Applies pending migrations with the real Supabase CLI, and notices when applied ones were edited since. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './capture.mjs';
import { withDatabase } from './database.mjs';
import { inProject, npmCommand } from './paths.mjs';

const versionPattern = /^(\d+)_.*\.sql$/;

/** The migrations' file names in the order in which they apply. */
export function migrationFiles() {
  const folder = inProject('supabase', 'migrations');
  return existsSync(folder) ? readdirSync(folder).filter((name) => versionPattern.test(name)).sort() : [];
}

/** Applies what is pending; the CLI costs seconds, so it is called only when something is. */
export async function migrate(url) {
  const applied = await withDatabase(url, appliedVersions);
  const pending = migrationFiles().filter((name) => !applied.has(versionPattern.exec(name)[1]));
  if (pending.length > 0) await push(url);
  return pending.length;
}

async function appliedVersions(sql) {
  const [{ history }] = await sql`select to_regclass('supabase_migrations.schema_migrations') as history`;
  if (!history) return new Set();
  return new Set((await sql`select version from supabase_migrations.schema_migrations`).map((row) => row.version));
}

async function push(url) {
  const { code, output } = await pushMigrations(url);
  if (code === 0) return;
  const hint = 'If a migration was renamed or edited since this data was made, begin anew: npm run reset';
  throw new Error(`The migrations could not be applied:\n\n${output.trim()}\n\n${hint}`);
}

/** Applies migrations and seed as a deployment does. */
export function pushMigrations(url) {
  return supabase(['db', 'push', '--include-seed', '--yes'], url);
}

/** Runs the Supabase CLI on a database; resolves with its exit code and everything it printed. */
export const supabase = (options, url) =>
  capture(npmCommand('supabase'), [...options, `--remote=${url}?sslmode=disable`]);

/** The text of each migration and of the seed, as short hashes by file name. */
export function migrationHashes() {
  const files = [...migrationFiles().map((name) => join('migrations', name)), 'seed.sql'];
  const existing = files.filter((name) => existsSync(inProject('supabase', name)));
  const hash = (name) =>
    createHash('sha256').update(readFileSync(inProject('supabase', name))).digest('hex').slice(0, 16);
  return Object.fromEntries(existing.map((name) => [name, hash(name)]));
}

/** Remembers which texts made this data; returns the names of those that were edited or removed since. */
export function editedSince(dataFolder) {
  const file = join(dataFolder, 'migrations.json');
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const now = migrationHashes();
  writeFileSync(file, JSON.stringify({ ...now, ...before }, null, 2));
  return Object.keys(before).filter((name) => before[name] !== now[name]);
}
