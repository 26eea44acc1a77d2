/** `npm test`: the same stack on its own ports and throwaway data, then every test, or those whose path has a given part. */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { capture } from '../../stack/capture.mjs';
import { withDatabase } from '../../stack/database.mjs';
import { pushMigrations, supabase } from '../../stack/migrate.mjs';
import { hostedDenoExecutable, inProject, localFolder } from '../../stack/paths.mjs';
import { loadSecrets } from '../../stack/secrets.mjs';
import { smoke } from '../smoke/smoke.mjs';
import { runDenoTests, runUnitTests } from '../testing/deno_tests.mjs';
import { copyDatabase } from '../testing/copies.mjs';
import { findFiles } from '../testing/files.mjs';
import { preparePgtap, runPgtap } from '../testing/pgtap.mjs';
import { Tally } from '../testing/tally.mjs';
import { startThrowawayStack } from '../../stack/throwaway_stack.mjs';

// One or two for every test that buys: what it does to a supplier is no other test's concern.
const SPARE_SUPPLIERS = 100;

/** Prints `N passed, N failed` at the end. */
export default async function test({ filters }) {
  const pgtapFiles = findFiles('supabase/tests', '.test.sql', filters);
  const unitFiles = ['supabase/functions', 'local'].flatMap((folder) => findFiles(folder, '.test.ts', filters));
  const stackFiles = findFiles('tests', '.test.ts', filters);
  if (pgtapFiles.length + unitFiles.length + stackFiles.length === 0 && !filters.includes('smoke')) {
    throw new Error(`No test has ${filters.join(' or ')} in its path.`);
  }
  const tally = new Tally();
  const prepare = async (database) => {
    if (stackFiles.some((file) => file.includes('growth'))) await copyDatabase(database, ['growth']);
    if (pgtapFiles.length === 0) return;
    await preparePgtap(database);
    tally.add(await runPgtap(database, pgtapFiles));
    console.log(`pgTAP: ${tally.passed} passed, ${tally.failed} failed\n`);
  };
  const stack = await startThrowawayStack({ fast: true, prepare, spareSuppliers: SPARE_SUPPLIERS });
  const runs = [];
  if (unitFiles.length > 0) runs.push(runUnitTests(unitFiles, stack));
  if (stackFiles.length > 0) runs.push(runDenoTests(stackFiles, stack));
  for (const counts of await Promise.all(runs)) tally.add(counts);
  if (filters.length === 0) await runGates(tally, stack);
  else if (filters.includes('smoke')) await trySmoke(tally, stack);
  if (tally.failed > 0) console.log(`\nLogs: ${keepLogs(stack)}`);
  tally.finish();
}

/** What must hold for the database as the tests left it, and on the runtime of hosted projects. */
async function runGates(tally, stack) {
  const url = stack.facts.dbUrl;
  await trySmoke(tally, stack);
  await tally.gate("the functions' tests pass on the hosted runtime", testOnHostedRuntime);
  await tally.gate('a second `supabase db push` changes nothing', async () => {
    const { code, output } = await pushMigrations(url);
    return code === 0 && /up to date/i.test(output) ? '' : output;
  });
  await tally.gate('seed.sql can be applied twice', () => applySeedTwice(url));
  await tally.gate('the advisors report nothing', async () => {
    const { code, output } = await supabase(['db', 'advisors', '--fail-on', 'warn'], url);
    return code === 0 ? '' : output;
  });
}

/** The calls that a first deployment is tried with. */
async function trySmoke(tally, { facts, dataFolder }) {
  const { apiUrl: url, secretKey: key, publishableKey: publishable, dbUrl, jobsToken } = facts;
  const { twilioAuthToken: twilioToken } = loadSecrets(dataFolder);
  await smoke({ url, key, publishable, dbUrl, jobsToken, twilioToken }, tally);
}

/** Newer versions hide what this one lacks: it does not check the tags of AES-GCM, for one. */
async function testOnHostedRuntime() {
  const options = ['test', '-A', '--no-check', 'supabase/functions'];
  const { code, output } = await capture(hostedDenoExecutable(), options, {
    DENO_DIR: join(localFolder, 'deno-hosted'),
  });
  return code === 0 ? '' : output;
}

async function applySeedTwice(url) {
  const seed = readFileSync(inProject('supabase', 'seed.sql'), 'utf8');
  await withDatabase(url, async (sql) => {
    for (let time = 0; time < 2; time++) await sql.unsafe(seed).simple();
  });
}

/** The data folder is deleted at the end; the logs are kept for finding the cause. */
function keepLogs({ dataFolder }) {
  const folder = join(localFolder, 'logs', basename(dataFolder));
  mkdirSync(folder, { recursive: true });
  for (const name of ['stack.log', 'postgres.log']) copyFileSync(join(dataFolder, name), join(folder, name));
  return folder;
}
