/** `npm start`: the stack for development, on fixed ports, with data that lasts. */
import { uploadDemoCards } from '../demo_cards.mjs';
import { endInOrder } from '../lifecycle.mjs';
import { editedSince } from '../migrate.mjs';
import { choosePorts } from '../ports.mjs';
import { clusterFolder, stopLeftover } from '../postgres.mjs';
import { removeFacts, runningFacts, startStack, writeFacts } from '../stack.mjs';
import { announcement } from './announcement.mjs';

/** Starts everything, says where it is, and stays until Ctrl-C. */
export default async function start({ dataFolder, port, fast }) {
  const startedAt = performance.now();
  const running = runningFacts(dataFolder);
  if (running) throw new Error(`Rewardbase runs already at ${running.apiUrl} (process ${running.pids.cli}).`);

  let stack;
  const { isEnding } = endInOrder(async () => {
    console.log('\nStopping…');
    await stack?.stop();
    removeFacts(dataFolder);
  }, 0);
  await stopLeftover(clusterFolder(dataFolder)); // it would hold its old port
  const ports = await choosePorts(port);
  stack = await startStack({
    dataFolder,
    ports,
    fast,
    development: true,
    readDotEnv: true,
    write: (text) => process.stdout.write(text),
    prepare: ({ migrated }) => migrated > 0 && console.log(`${migrated} migrations applied.`),
  });
  writeFacts(dataFolder, stack.facts);

  const edited = editedSince(dataFolder);
  if (edited.length > 0) {
    console.log(`Migrations changed since this data was made (${edited.join(', ')}). To begin anew: npm run reset`);
  }
  const cards = await uploadDemoCards(dataFolder, stack.facts);
  if (cards) console.log(cards);
  console.log(announcement(stack.facts, (performance.now() - startedAt) / 1000));

  const ended = await stack.ended;
  if (isEnding()) return;
  console.error(`${ended} stopped unexpectedly; its last words stand above or in ${dataFolder}/postgres.log.`);
  await stack.stop();
  removeFacts(dataFolder);
  process.exit(1);
}
