/**
 * Adds the packages of other platforms to package-lock.json. npm leaves out those that the registry of the day does not
 * serve, and then `npm ci` refuses the lock file; with them it installs on Linux (x64, arm64) and macOS alike. Each gets its hash, if the
 * registry has it.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { inProject } from '../../stack/paths.mjs';

const systems = { darwin: /darwin|macos/, linux: /linux/, win32: /win32|windows/ };
const processors = {
  arm64: /arm64|aarch64/,
  x64: /x64|x86_64/,
  ia32: /ia32/,
  ppc64: /ppc64/,
  riscv64: /riscv64/,
  s390x: /s390x/,
  arm: /arm/,
};
const libraries = { musl: /musl/, glibc: /glibc|gnu/ };

/** The text of the lock file with nothing missing. */
export function completedLock(text) {
  const lock = JSON.parse(text);
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      addMissing(lock.packages, path, name, version);
    }
  }
  const sorted = Object.entries(lock.packages).sort(([one], [other]) => one < other ? -1 : 1);
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`;
}

function addMissing(packages, parent, name, version) {
  const shared = `node_modules/${name}`;
  const own = `${parent}/${shared}`;
  const platform = platformOf(name);
  const isShared = packages[shared] && (packages[shared].version === version || !/^\d/.test(version));
  if (isShared || packages[own] || !platform) return;
  const path = packages[shared] ? own : shared; // another version has taken the shared place
  const isDevelopment = packages[parent].dev ? { dev: true } : {};
  packages[path] = { version, ...platform, ...isDevelopment, optional: true };
}

function platformOf(name) {
  const find = (table) => Object.keys(table).find((key) => table[key].test(name));
  const [os, cpu, libc] = [systems, processors, libraries].map(find);
  if (!os || !cpu) return null;
  return { cpu: [cpu], ...(os === 'linux' && libc ? { libc: [libc] } : {}), os: [os] };
}

/** Whether the lock file is complete. */
export function isLockComplete() {
  const text = readFileSync(inProject('package-lock.json'), 'utf8');
  return completedLock(text) === text;
}

/**
 * The entries of a lock file that npm would install here without comparing a hash. A package of another platform may lack its hash: the
 * registry of the day may not serve it.
 * @param {string} text
 * @param {{ platform: string, arch: string }} machine
 */
export function entriesWithoutHash(text, { platform, arch } = process) {
  const isHere = ({ os, cpu }) => (!os || os.includes(platform)) && (!cpu || cpu.includes(arch));
  const lacks = ([path, entry]) => path && !entry.link && !entry.integrity && (!entry.optional || isHere(entry));
  return Object.entries(JSON.parse(text).packages).filter((each) => lacks(each) && !isOtherLibrary(each[1]))
    .map(([path]) => path);
}

// npm tells musl from glibc by itself; the stack is tested on glibc.
function isOtherLibrary({ libc }) {
  return libc?.includes('musl') ?? false;
}

/** Adds the hashes that the registry knows. */
function withHashes(text) {
  const lock = JSON.parse(text);
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!path || entry.integrity || entry.link) continue;
    const name = `${path.split('node_modules/').at(-1)}@${entry.version}`;
    const { status, stdout } = spawnSync('npm', ['view', name, 'dist.integrity'], { encoding: 'utf8' });
    if (status === 0 && stdout.startsWith('sha512-')) entry.integrity = stdout.trim();
  }
  return `${JSON.stringify(lock, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const file = inProject('package-lock.json');
  writeFileSync(file, withHashes(completedLock(readFileSync(file, 'utf8'))));
}
