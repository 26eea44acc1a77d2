/** Deals with what a killed start left on a data folder: a server that lives on, or the lock file of a dead one. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, isRunning } from './processes.mjs';

/** The lines of a server's lock file, or null when there is none. */
export function readLockFile(cluster) {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return null;
  }
}

/** Stops a server that outlived its killed parent on this very data folder, so that another can start. */
export async function stopLeftover(cluster) {
  const [number, folder] = readLockFile(cluster) ?? [];
  const pid = Number(number);
  if (!pid || resolve(folder) !== resolve(cluster) || !isAlive(pid)) return; // Postgres removes such a file itself
  if (isRunning(pid, cluster)) {
    process.kill(pid, 'SIGINT');
    if (!await isGoneWithin(10_000, pid)) {
      throw new Error(`The old Postgres (process ${pid}) on ${cluster} does not stop.`);
    }
    return;
  }
  // It is dead but its parent has not noticed, or the number is another program's: Postgres would take it for alive.
  if (await isGoneWithin(5000, pid)) return;
  const orphan = processIn(cluster);
  if (orphan) throw new Error(`Process ${orphan} of a killed Postgres still works on ${cluster}.`);
  rmSync(join(cluster, 'postmaster.pid'), { force: true });
}

async function isGoneWithin(milliseconds, pid) {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(20)) {
    if (!isAlive(pid)) return true;
  }
  return false;
}

/** Sessions of a dead server may work on for a moment; all of a server's processes stand in its data folder. */
function processIn(cluster) {
  const isIn = (pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster);
    } catch {
      return false; // it has ended, or belongs to another account
    }
  };
  const processes = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  return processes.find(isIn);
}
