/** The facts of a running stack (URLs, keys, process ids): a file for tools, an environment for tests. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from './processes.mjs';

const fileOf = (dataFolder) => join(dataFolder, 'stack.json');

/** Writes the facts down; only this user may read them. */
export function writeFacts(dataFolder, facts) {
  removeFacts(dataFolder);
  writeFileSync(fileOf(dataFolder), `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
}

/** Deletes the facts of a stack that has stopped. */
export function removeFacts(dataFolder) {
  rmSync(fileOf(dataFolder), { force: true });
}

/** The facts of the stack that runs on a data folder now, or null. */
export function runningFacts(dataFolder) {
  try {
    const facts = JSON.parse(readFileSync(fileOf(dataFolder), 'utf8'));
    return isRunning(facts.pids.cli, 'cli.mjs') ? facts : null;
  } catch {
    return null;
  }
}

/** The environment by which tests, the demo and the benchmarks find the stack. */
export function factsAsEnvironment(facts, logFile) {
  return {
    API_URL: facts.apiUrl,
    DB_URL: facts.dbUrl,
    PUBLISHABLE_KEY: facts.publishableKey,
    SECRET_KEY: facts.secretKey,
    JOBS_KEY: facts.jobsKey,
    JOBS_TOKEN: facts.jobsToken,
    SANDBOX_URL: facts.sandboxUrl,
    LOG_FILE: logFile,
  };
}
