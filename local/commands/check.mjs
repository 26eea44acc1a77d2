/** `npm run check`: format, lint, types, and whether every generated file is current. */
import { existsSync, readFileSync } from 'node:fs';
import { isLockComplete } from '../fix_lock.mjs';
import { databaseTypes, errorsFile, errorsPage, typesFile } from '../generated.mjs';
import { migrationFiles } from '../migrate.mjs';
import { capture } from '../capture.mjs';
import { denoExecutable, inProject, npmCommand } from '../paths.mjs';
import { findFiles } from '../testing/files.mjs';
import { Tally } from '../testing/tally.mjs';

const folders = ['supabase/functions', 'local', 'tests', 'bench'];

/** Prints `N passed, N failed` at the end. */
export default async function check() {
  const tally = new Tally();
  const scripts = folders.flatMap((folder) => findFiles(folder, '.ts'));
  await tally.gate(
    'formatted',
    async () => await run(denoExecutable(), ['fmt', '--check', '--quiet']) && 'Run: npm run fmt',
  );
  await tally.gate('lint', () => run(denoExecutable(), ['lint', '--quiet']));
  await tally.gate('types fit', () => run(denoExecutable(), ['check', '--quiet', ...scripts]));
  await tally.gate('migrations are safe (squawk)', checkMigrations);
  await tally.gate("the functions' imports name the installed versions", checkImports);
  await tally.gate('database.types.ts is current', async () => compare(typesFile, await databaseTypes()));
  await tally.gate('docs/errors.md is current', async () => compare(errorsFile, await errorsPage()));
  await tally.gate(
    'package-lock.json names every platform',
    () => isLockComplete() ? '' : 'Run: node local/fix_lock.mjs',
  );
  tally.finish();
}

async function run(command, options) {
  const { code, output } = await capture(command, options, { NO_COLOR: '1', RUST_BACKTRACE: '0' });
  return code === 0 ? '' : output.trim() || `${command} ended with code ${code}.`;
}

function checkMigrations() {
  const files = migrationFiles().map((name) => inProject('supabase', 'migrations', name));
  return files.length > 0 ? run(npmCommand('squawk'), ['--config', inProject('.squawk.toml'), ...files]) : '';
}

/** Deployed functions resolve npm packages by their own import map, local ones by package.json. */
function checkImports() {
  const { imports } = JSON.parse(readFileSync(inProject('supabase', 'functions', 'deno.json'), 'utf8'));
  const { dependencies } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const wrong = Object.values(imports).filter((target) => {
    const [, name, version] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target) ?? [];
    return name && dependencies[name] !== version;
  });
  return wrong.length > 0 ? `package.json has other versions of: ${wrong.join(', ')}` : '';
}

function compare(file, expected) {
  if (existsSync(file) && readFileSync(file, 'utf8') === expected) return '';
  return `${file} is not what would be generated now. Run: npm run types`;
}
