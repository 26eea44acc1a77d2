/** The commands of the local stack: `node local/tools/cli.mjs <command> [options]`. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installDependencies } from './install.mjs';
import { endAll, obeySignals } from '../stack/lifecycle.mjs';
import { localFolder } from '../stack/paths.mjs';

const commands = ['start', 'reset', 'demo', 'test', 'check', 'bench', 'types', 'fmt', 'smoke'];

// Of `smoke`, which tries a deployment and needs nothing else of the stack.
const smokeOptions = ['url', 'key', 'publishable', 'db-url', 'jobs-token', 'twilio-token'];

const HELP = `Commands: ${commands.join(', ')}
Options of all: --port <number>, --data <folder>
smoke: ${smokeOptions.map((name) => `--${name} <value>`).join(' ')} (docs/deploying.md)`;

process.umask(0o022); // root lets another account run Postgres, which must pass through the folders made here
try {
  const { values, positionals: [command, ...filters] } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '54321' },
      data: { type: 'string', default: localFolder },
      fast: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      ...Object.fromEntries(smokeOptions.map((name) => [name, { type: 'string' }])),
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit();
  }
  if (!commands.includes(command)) throw new Error(`Say one of: ${commands.join(', ')}.`);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_000) throw new Error('--port must be a number from 0 to 65000.');

  installDependencies();
  obeySignals(command === 'start' ? 0 : 130);
  const { default: run } = await import(`./commands/${command}.mjs`);
  const { url, key, publishable, 'db-url': dbUrl, 'jobs-token': jobsToken, 'twilio-token': twilioToken } = values;
  const smoke = { url, key, publishable, dbUrl, jobsToken, twilioToken };
  await run({ port, dataFolder: resolve(values.data), fast: values.fast, filters, smoke });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
await endAll();
process.exit();
