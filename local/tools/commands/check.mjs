/** `npm run check`: format, lint, types, and whether every generated file is current. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesWithoutHash, isLockComplete } from '../checks/fix_lock.mjs';
import { checkImports, readSources } from '../checks/imports.mjs';
import {
  databaseTypes,
  errorsFile,
  errorsMigration,
  errorsPage,
  errorsSql,
  openapi,
  openapiFile,
  typesFile,
} from '../checks/generated.mjs';
import { checkWords } from '../checks/words.mjs';
import { migrationFiles } from '../../stack/migrate.mjs';
import { capture } from '../../stack/capture.mjs';
import { denoExecutable, inProject, npmCommand } from '../../stack/paths.mjs';
import { findFiles } from '../testing/files.mjs';
import { Tally } from '../testing/tally.mjs';

const folders = ['supabase/functions', 'local', 'tests', 'bench'];

const quiet = { NO_COLOR: '1', RUST_BACKTRACE: '0', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

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
  await tally.gate('imports make no circle and point one way', checkGraph);
  await tally.gate('comments, test titles and docs use the terms of the glossary', () => checkWords().join('\n'));
  await tally.gate('migrations are safe (squawk)', checkMigrations);
  await tally.gate("the functions' imports name the installed versions", checkVersions);
  await tally.gate('config.toml lists every function folder', checkFunctions);
  await tally.gate('database.types.ts is current', async () => compare(typesFile, await databaseTypes()));
  await tally.gate('docs/errors.md is current', async () => compare(errorsFile, await errorsPage()));
  await tally.gate('core_errors.sql is current', async () => compare(errorsMigration, await errorsSql()));
  await tally.gate('docs/openapi.json is current', async () => compare(openapiFile, await openapi()));
  await tally.gate('docs/openapi.json is valid (Redocly)', checkOpenapi);
  await tally.gate(
    'package-lock.json names every platform',
    () => isLockComplete() ? '' : 'Run: node local/tools/checks/fix_lock.mjs',
  );
  await tally.gate('package-lock.json has a hash of every package', () => {
    const lacking = entriesWithoutHash(readFileSync(inProject('package-lock.json'), 'utf8'));
    return lacking.length > 0 ? `Run node local/tools/checks/fix_lock.mjs: no integrity of ${lacking.join(', ')}` : '';
  });
  tally.finish();
}

async function run(command, options) {
  const { code, output } = await capture(command, options, quiet);
  return code === 0 ? '' : output.trim() || `${command} ended with code ${code}.`;
}

/** Prints the figures of the product's and the stack's folders; tests and benchmarks are checked, not counted. */
function checkGraph() {
  const { figures } = checkImports(readSources(['supabase/functions', 'local']));
  console.log(`    ${figures.folders} folders on ${figures.floors} floors, ${figures.arrows} arrows between them`);
  return checkImports(readSources(folders)).problems.join('\n');
}

function checkMigrations() {
  const files = migrationFiles().map((name) => inProject('supabase', 'migrations', name));
  return files.length > 0 ? run(npmCommand('squawk'), ['--config', inProject('.squawk.toml'), ...files]) : '';
}

/** Examples must fit their schemas, too. */
function checkOpenapi() {
  return run(npmCommand('redocly'), [
    'lint',
    '--config',
    inProject('.redocly.yaml'),
    '--format',
    'codeframe',
    openapiFile,
  ]);
}

/** Deployed functions resolve npm packages by their own import map, local ones by package.json. */
function checkVersions() {
  const { imports } = JSON.parse(readFileSync(inProject('supabase', 'functions', 'deno.json'), 'utf8'));
  const { dependencies } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const wrong = Object.values(imports).filter((target) => {
    const [, name, version] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target) ?? [];
    return name && dependencies[name] !== version;
  });
  return wrong.length > 0 ? `package.json has other versions of: ${wrong.join(', ')}` : '';
}

/** A function that config.toml does not list is deployed with the platform's check of tokens, and without our import map. */
function checkFunctions() {
  const folder = inProject('supabase', 'functions');
  const folders = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'index.ts'))).sort();
  return problemsOfFunctions(folders, readFileSync(inProject('supabase', 'config.toml'), 'utf8')).join('\n');
}

/** What config.toml lacks of these functions, and what it has of others. */
export function problemsOfFunctions(folders, config) {
  const sections = new Map(
    [...config.matchAll(/^\[functions\.([\w-]+)\]\n((?:[^\n[][^\n]*\n?)*)/gm)].map(([, name, lines]) => [name, lines]),
  );
  const settings = ['verify_jwt = false', 'import_map = "./functions/deno.json"'];
  return [
    ...folders.flatMap((name) =>
      settings.filter((setting) => !sections.get(name)?.includes(setting))
        .map((setting) => `[functions.${name}] lacks ${setting}`)
    ),
    ...[...sections.keys()].filter((name) => !folders.includes(name))
      .map((name) => `[functions.${name}] is no folder of supabase/functions`),
  ];
}

function compare(file, expected) {
  if (existsSync(file) && readFileSync(file, 'utf8') === expected) return '';
  return `${file} is not what would be generated now. Run: npm run types`;
}
