/** `npm start -- stop`: stops a running stack from another terminal. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runningFacts } from '../../stack/facts.mjs';
import { clusterFolder } from '../../stack/postgres.mjs';
import { stopLeftover } from '../../stack/postgres_leftover.mjs';
import { isAlive } from '../../stack/processes.mjs';

const PATIENCE_MS = 30_000;

/** Asks it to end in order and waits; a Postgres that a killed stack left behind is stopped as well. */
export default async function stop({ dataFolder }) {
  const running = runningFacts(dataFolder);
  if (running) {
    process.kill(running.pids.cli, 'SIGTERM');
    await waitFor(running.pids.cli);
  }
  if (existsSync(dataFolder)) await stopLeftover(clusterFolder(dataFolder));
  console.log(running ? `Stopped. The data stays in ${dataFolder}` : `Nothing runs on ${dataFolder}`);
}

async function waitFor(pid) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    if (!isAlive(pid)) return;
  }
  throw new Error(`Process ${pid} has not ended after ${PATIENCE_MS / 1000} s.`);
}
