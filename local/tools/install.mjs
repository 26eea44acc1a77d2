/** Installs the npm packages when they are missing or older than package-lock.json; uses Node built-ins only. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inProject, root } from '../stack/paths.mjs';

/** Runs `npm ci` unless node_modules was made from the present lock file, by this command or by hand. */
export function installDependencies() {
  const stamp = inProject('node_modules', '.lock-hash');
  const lock = readFileSync(inProject('package-lock.json'), 'utf8');
  const wanted = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  const record = inProject('node_modules', '.package-lock.json'); // npm writes it when it has installed everything
  if (existsSync(record) && isInstalled(lock, readFileSync(record, 'utf8'))) return writeFileSync(stamp, wanted);

  console.log('Installing the npm packages (once; about half a minute)…');
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (install.status !== 0) throw new Error('`npm ci` failed; its message stands above.');
  writeFileSync(stamp, wanted);
}

/**
 * Whether npm's record of node_modules has all that a lock file wants on this machine, in its version.
 * @param {string} lock
 * @param {string} record
 * @param {{ platform: string, arch: string }} machine
 */
export function isInstalled(lock, record, { platform, arch } = process) {
  const there = JSON.parse(record).packages;
  const isElsewhere = ({ os, cpu, libc }) =>
    (os && !os.includes(platform)) || (cpu && !cpu.includes(arch)) || libc?.includes('musl');
  return Object.entries(JSON.parse(lock).packages).every(([path, entry]) =>
    !path || there[path]?.version === entry.version || (entry.optional && !there[path] && isElsewhere(entry))
  );
}
