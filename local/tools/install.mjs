/** Installs the npm packages when they are missing or older than package-lock.json; uses Node built-ins only. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inProject, root } from '../stack/paths.mjs';

/** Runs `npm ci` unless node_modules was made from the present lock file. */
export function installDependencies() {
  const stamp = inProject('node_modules', '.lock-hash');
  const wanted = createHash('sha256').update(readFileSync(inProject('package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  console.log('Installing the npm packages (once; about half a minute)…');
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (install.status !== 0) throw new Error('`npm ci` failed; its message stands above.');
  writeFileSync(stamp, wanted);
}
