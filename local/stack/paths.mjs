/** Where things stand: the project, and the tools inside node_modules. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The folder that holds everything generated; git ignores it. */
export const localFolder = join(root, '.local');

/** A path inside the project. */
export const inProject = (...parts) => join(root, ...parts);

/** A command that an npm package installed. */
export const npmCommand = (name) => inProject('node_modules', '.bin', name);

/** The Deno binary itself: the npm command is a Node wrapper, and killing the wrapper orphans Deno. */
export const denoExecutable = () => executableIn(inProject('node_modules', '@deno')) ?? npmCommand('deno');

/** The Deno of the hosted edge runtime; when npm had no other version to keep apart, it is the one above. */
export const hostedDenoExecutable = () =>
  executableIn(inProject('node_modules', 'deno-hosted', 'node_modules', '@deno')) ?? denoExecutable();

function executableIn(folder) {
  const builds = existsSync(folder) ? readdirSync(folder) : [];
  const executables = builds.map((build) => join(folder, build, 'deno'));
  return executables.find((file) => existsSync(file));
}

/** The environment that every tool gets: no telemetry, no update checks, caches inside the project, plain text in files. */
export const toolEnvironment = {
  DENO_DIR: join(localFolder, 'deno'),
  DENO_NO_UPDATE_CHECK: '1',
  DO_NOT_TRACK: '1',
  LITE_TELEMETRY: '0',
  NO_PROMPT: '1',
  SUPABASE_TELEMETRY_DISABLED: '1',
  ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
};
