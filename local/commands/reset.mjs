/** `npm run reset`: deletes the data of the development stack. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeCluster, runningFacts } from '../stack.mjs';

const made = ['bootstrapped', 'demo-cards', 'migrations.json', 'postgres.log', 'secrets.json', 'stack.json'];

/** Refuses while the stack runs. */
export default async function reset({ dataFolder }) {
  const running = runningFacts(dataFolder);
  if (running) throw new Error(`Rewardbase runs at ${running.apiUrl}: stop it first (Ctrl-C, or kill ${running.pids.cli}).`);
  if (!existsSync(dataFolder)) return;
  await removeCluster(dataFolder);
  for (const name of made) rmSync(join(dataFolder, name), { force: true });
  console.log('The data is gone. npm start makes new data.');
}
