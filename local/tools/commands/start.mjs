/** `npm start`: the stack for development, on fixed ports, with data that lasts. */
import { uploadDemoCards } from '../demo/cards.mjs';
import { removeFacts, runningFacts, writeFacts } from '../../stack/facts.mjs';
import { atEnd, isEnding } from '../../stack/lifecycle.mjs';
import { logPrinter } from '../../stack/log_lines.mjs';
import { editedSince } from '../../stack/migrate.mjs';
import { choosePorts } from '../../stack/ports.mjs';
import { clusterFolder } from '../../stack/postgres.mjs';
import { stopLeftover } from '../../stack/postgres_leftover.mjs';
import { loadSecrets } from '../../stack/secrets.mjs';
import { startStack } from '../../stack/stack.mjs';
import { announcement } from './announcement.mjs';

/** Starts everything, says where it is, and stays until Ctrl-C. */
export default async function start({ dataFolder, port, fast, json }) {
  const startedAt = performance.now();
  const running = runningFacts(dataFolder);
  if (running) throw new Error(`Rewardbase runs already at ${running.apiUrl} (process ${running.pids.cli}).`);
  await stopLeftover(clusterFolder(dataFolder)); // it would hold its old port

  const print = logPrinter({ secrets: loadSecrets(dataFolder), json });
  const write = (line, origin) => {
    const text = print(line, origin);
    if (text !== null) process.stdout.write(`${text}\n`);
  };
  const prepare = ({ migrated }) => migrated > 0 && console.log(`${migrated} migrations applied.`);
  const ports = await choosePorts(port);
  const { facts, ended } = await startStack({ dataFolder, ports, fast, development: true, write, prepare });
  writeFacts(dataFolder, facts);
  atEnd(() => removeFacts(dataFolder));
  atEnd(() => console.log('\nStopping…'));

  const edited = editedSince(dataFolder);
  if (edited.length > 0) {
    console.log(`Changed since this data was made: ${edited.join(', ')}. To apply it, delete the data: npm run reset`);
  }
  const cards = await uploadDemoCards(dataFolder, facts);
  if (cards) console.log(cards);
  console.log(announcement(facts, (performance.now() - startedAt) / 1000));

  const part = await ended;
  if (!isEnding()) throw new Error(`${part} stopped unexpectedly; see above, or ${dataFolder}/postgres.log`);
  await new Promise(() => {}); // the signal that began the end will finish it
}
