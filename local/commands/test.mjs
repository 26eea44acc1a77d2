/** `npm test`: the same stack on its own ports and throwaway data, then every test, or those whose path has a given part. */
import { copyFileSync, createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withDatabase } from '../database.mjs';
import { endInOrder } from '../lifecycle.mjs';
import { supabase } from '../migrate.mjs';
import { inProject, localFolder } from '../paths.mjs';
import { choosePorts } from '../ports.mjs';
import { startStack } from '../stack.mjs';
import { runDenoTests } from '../testing/deno_tests.mjs';
import { findFiles } from '../testing/files.mjs';
import { preparePgtap, runPgtap } from '../testing/pgtap.mjs';
import { Tally } from '../testing/tally.mjs';
import { throwawayData } from '../throwaway.mjs';

const denoFolders = ['supabase/functions/_shared', 'local', 'tests'];

/** Runs the tests and prints `N passed, N failed` at the end. */
export default async function test({ filters }) {
  const pgtapFiles = findFiles('supabase/tests', '.test.sql', filters);
  const denoFiles = denoFolders.flatMap((folder) => findFiles(folder, '.test.ts', filters));
  const data = await throwawayData();
  const logFile = join(data.folder, 'stack.log');
  const log = createWriteStream(logFile);
  const tally = new Tally();
  let stack;
  const cleanUp = async () => {
    await stack?.stop();
    log.end();
    data.remove();
  };
  endInOrder(cleanUp);
  try {
    stack = await startStack({
      dataFolder: data.folder,
      ports: await choosePorts(0),
      fast: true,
      development: false,
      readDotEnv: false,
      write: (text) => log.write(text),
      prepare: async (database) => {
        if (pgtapFiles.length === 0) return;
        await preparePgtap(database);
        tally.add(await runPgtap(database, pgtapFiles));
        console.log(`pgTAP: ${tally.passed} passed, ${tally.failed} failed\n`);
      },
    });
    if (denoFiles.length > 0) {
      tally.add(await runDenoTests(denoFiles, { environment: testEnvironment(stack.facts, logFile), folder: data.folder }));
    }
    if (filters.length === 0) await runGates(tally, stack.facts.dbUrl);
    if (tally.failed > 0) console.log(`\nWhat the stack said: ${keepLog(logFile)}`);
  } finally {
    await cleanUp();
  }
  tally.finish();
  process.exit();
}

function testEnvironment(facts, logFile) {
  return {
    API_URL: facts.apiUrl,
    DB_URL: facts.dbUrl,
    PUBLISHABLE_KEY: facts.publishableKey,
    SECRET_KEY: facts.secretKey,
    JOBS_KEY: facts.jobsKey,
    SANDBOX_URL: facts.sandboxUrl ?? '',
    LOG_FILE: logFile,
  };
}

/** What must hold for the database as the tests left it. */
async function runGates(tally, url) {
  await tally.gate('a second `supabase db push` changes nothing', async () => {
    const { code, output } = await supabase(['db', 'push', `--remote=${url}`, '--include-seed', '--yes']);
    return code === 0 && /up to date/i.test(output) ? '' : output;
  });
  await tally.gate('seed.sql can be applied twice', () => applySeedTwice(url));
  await tally.gate('the advisors report nothing', async () => {
    const { code, output } = await supabase(['db', 'advisors', `--remote=${url}?sslmode=disable`, '--fail-on', 'warn']);
    return code === 0 ? '' : output;
  });
}

async function applySeedTwice(url) {
  const file = inProject('supabase', 'seed.sql');
  if (!existsSync(file)) return;
  const seed = readFileSync(file, 'utf8');
  await withDatabase(url, async (sql) => {
    for (let time = 0; time < 2; time++) await sql.unsafe(seed).simple();
  });
}

function keepLog(logFile) {
  const kept = join(localFolder, 'logs', `test-${new Date().toISOString().replaceAll(':', '-')}.log`);
  mkdirSync(join(localFolder, 'logs'), { recursive: true });
  copyFileSync(logFile, kept);
  return kept;
}
