/** `npm run reset`: deletes the data of the development stack. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runningFacts } from '../../stack/facts.mjs';
import { removeCluster } from '../../stack/stack.mjs';

const made = [
  'bootstrapped',
  'demo-cards',
  'migrations.json',
  'postgres.log',
  'sandbox.jsonl',
  'sandbox.jsonl.stripe',
  'sandbox.jsonl.tillo',
  'secrets.json',
  'stack.json',
];

/** Refuses while the stack runs. */
export default async function reset({ dataFolder }) {
  const running = runningFacts(dataFolder);
  if (running) {
    throw new Error(`Rewardbase runs at ${running.apiUrl}. Stop it first: npm start -- stop`);
  }
  await removeCluster(dataFolder);
  for (const name of made) rmSync(join(dataFolder, name), { force: true });
  console.log('The data is gone. npm start makes new data.');
}
