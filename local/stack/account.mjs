/** Chooses the account that Postgres runs as, and folders that this account can reach. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const isRoot = process.getuid?.() === 0;

/** Spawn options for Postgres, which refuses to run as root: root lends it the account `nobody` and creates none. */
export function databaseAccount() {
  if (!isRoot) return {};
  const entry = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith('nobody:'));
  if (!entry) {
    throw new Error('Postgres cannot run as root, and there is no account `nobody`: run this as an ordinary user.');
  }
  const [, , uid, gid] = entry.split(':').map(Number);
  return { uid, gid };
}

/** Whether the database's account can enter a folder (root's own home, for one, is closed to it). */
export function isReachable(folder) {
  if (!isRoot) return true;
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', folder], { ...databaseAccount(), cwd: '/' }).status === 0;
}

/** A lasting folder that the database's account can reach, belonging to `folder`, which it cannot. */
export function reachableTwin(folder) {
  const twin = join('/var/tmp', `rewardbase-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`);
  mkdirSync(twin, { recursive: true, mode: 0o711 });
  const found = lstatSync(twin);
  // Any account may create names in /var/tmp: a folder of another account could hold its binaries.
  if (!found.isDirectory() || found.uid !== 0 || found.mode & 0o022) {
    throw new Error(`${twin} does not belong to root.`);
  }
  return twin;
}
