/** The commands of the project: `node local/tools/cli.mjs <command> [options]`. */
import { resolve } from 'node:path';
import { parseCommandLine } from './command_line.mjs';
import { installDependencies } from './install.mjs';
import { endAll, obeySignals } from '../stack/lifecycle.mjs';
import { localFolder } from '../stack/paths.mjs';

process.umask(0o022); // root lets another account run Postgres, which must pass through the folders made here
try {
  const { help, command, options, filters } = parseCommandLine(process.argv.slice(2));
  if (help) {
    console.log(help);
    process.exit();
  }
  installDependencies();
  obeySignals(command === 'start' ? 0 : 130);
  const { default: run } = await import(`./commands/${command}.mjs`);
  const { port = 54321, data = localFolder, fast = false, json = false } = options;
  await run({ port, dataFolder: resolve(data), fast, json, filters, smoke: smokeOptions(options) });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
await endAll();
process.exit();

function smokeOptions(options) {
  const { url, key, publishable, 'db-url': dbUrl, 'jobs-token': jobsToken, 'twilio-token': twilioToken } = options;
  return { url, key, publishable, dbUrl, jobsToken, twilioToken };
}
