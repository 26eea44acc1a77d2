/** Starts and stops an embedded Postgres 17 on a data folder: durable by default, fast for throwaway data. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseAccount, isReachable, reachableTwin } from './account.mjs';
import { atEnd } from './lifecycle.mjs';
import { preparePostgres } from './postgres_binaries.mjs';
import { readLockFile, stopLeftover } from './postgres_leftover.mjs';

const always = {
  jit: 'off',
  max_connections: '400',
  shared_buffers: '128MB',
  listen_addresses: '127.0.0.1',
  shared_preload_libraries: 'pg_stat_statements', // hosted projects count statements too
};

/** Settings for data that is thrown away anyway: a crash of the machine may lose it. */
const fastSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  checkpoint_timeout: '30min',
  max_wal_size: '2GB',
};

/** The folder with Postgres' own files inside (or, when its account cannot enter it, beside) a data folder. */
export function clusterFolder(dataFolder) {
  mkdirSync(dataFolder, { recursive: true });
  return join(isReachable(dataFolder) ? dataFolder : reachableTwin(resolve(dataFolder)), 'postgres');
}

/** Starts the server, making its data folder first if there is none, and resolves when it takes connections. */
export async function startPostgres({ dataFolder, port, password, fast = false }) {
  const native = preparePostgres();
  const cluster = clusterFolder(dataFolder);
  if (!existsSync(join(cluster, 'PG_VERSION'))) createCluster(native, cluster, password);
  await stopLeftover(cluster);
  const settings = { ...always, ...(fast ? fastSettings : {}), unix_socket_directories: socketFolder(cluster) };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = join(dataFolder, 'postgres.log');
  const output = openSync(log, 'a', 0o600);
  const child = spawn(join(native, 'bin', 'postgres'), ['-D', cluster, '-p', String(port), ...options], {
    ...ownerOf(cluster),
    cwd: '/',
    detached: true, // Ctrl-C must reach only us: we stop the parts in order.
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const exited = new Promise((done) => child.once('exit', done));
  const end = () => stop(child, exited);
  atEnd(end);
  await untilReady(child, cluster, log);
  return { pid: child.pid, exited, stop: end };
}

function createCluster(native, cluster, password) {
  rmSync(cluster, { recursive: true, force: true });
  const account = databaseAccount();
  mkdirSync(cluster, { mode: 0o700 });
  const passwordFile = `${cluster}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  for (const path of account.uid ? [cluster, passwordFile] : []) chownSync(path, account.uid, account.gid);
  const options = ['-U', 'supabase_admin', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'];
  const locale = ['--locale-provider=icu', '--icu-locale=en-US', '--locale=C']; // hosted sorts text by ICU rules too
  const initdb = spawnSync(join(native, 'bin', 'initdb'), ['-D', cluster, ...options, ...locale, '--no-instructions'], {
    ...account,
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: '/' },
  });
  rmSync(passwordFile);
  if (initdb.status === 0) return;
  rmSync(cluster, { recursive: true, force: true });
  throw new Error(`initdb failed: ${initdb.error ?? initdb.stderr + initdb.stdout}`);
}

/** Root runs the server as the account that owns the data already. */
function ownerOf(cluster) {
  if (process.getuid?.() !== 0) return {};
  const { uid, gid } = statSync(join(cluster, 'PG_VERSION'));
  return uid === 0 ? databaseAccount() : { uid, gid };
}

/** Sockets stay out of /tmp, where two stacks would meet; a path can be too long for one, then there is only TCP. */
function socketFolder(cluster) {
  return Buffer.byteLength(cluster) < 85 ? cluster : '';
}

async function untilReady(child, cluster, log) {
  while (child.exitCode === null && child.signalCode === null) {
    const [pid, , , , , , , state] = readLockFile(cluster) ?? [];
    if (Number(pid) === child.pid && state?.trim() === 'ready') return;
    await sleep(10);
  }
  throw new Error(`Postgres did not start:\n${readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8).join('\n')}`);
}

async function stop(child, exited) {
  child.kill('SIGINT'); // a fast shutdown: sessions are cut, data is written
  const patience = setTimeout(() => child.kill('SIGQUIT'), 8000);
  await exited;
  clearTimeout(patience);
}
