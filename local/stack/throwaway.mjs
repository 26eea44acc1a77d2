/** Throwaway data: a migrated cluster, copied from a template that is recreated when any of its sources changed. */
import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isReachable } from './account.mjs';
import { atEnd } from './lifecycle.mjs';
import { migrationHashes } from './migrate.mjs';
import { inProject, localFolder } from './paths.mjs';
import { freePort } from './ports.mjs';
import { startDatabase } from './stack.mjs';

const templates = join(localFolder, 'templates');

/** Makes a data folder outside of the project, which is deleted at the end; returns it with the template that it was copied from. */
export async function throwawayData() {
  const folder = mkdtempSync(join(tmpdir(), 'rewardbase-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(templates, { recursive: true });
  const template = isReachable(templates) ? await currentTemplate() : null;
  if (template) copyFolder(template, folder);
  chmodSync(folder, 0o711); // the account that Postgres runs as must pass through
  return { folder, template };
}

function copyFolder(from, to) {
  const copy = spawnSync('cp', ['-Rp', `${from}/.`, to], { encoding: 'utf8' });
  if (copy.status !== 0) throw new Error(`The test data could not be copied: ${copy.stderr}`);
}

async function currentTemplate() {
  const template = join(templates, fingerprint());
  if (existsSync(template)) return template;
  removeOldTemplates();
  const half = join(templates, `half-${randomUUID()}`);
  mkdirSync(half, { mode: 0o711 });
  try {
    const database = await startDatabase({ dataFolder: half, port: await freePort(), fast: true });
    await database.stop();
    renameSync(half, template);
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    if (!existsSync(template)) throw error; // else another run was quicker
  }
  return template;
}

/** Another run may be copying a young one. */
function removeOldTemplates() {
  const anHourAgo = Date.now() - 3_600_000;
  for (const name of readdirSync(templates)) {
    const folder = join(templates, name);
    if (statSync(folder).mtimeMs < anHourAgo) rmSync(folder, { recursive: true, force: true });
  }
}

function fingerprint() {
  const folders = ['bootstrap', 'extensions'].map((name) => inProject('local', 'stack', name));
  const files = folders.flatMap((folder) => readdirSync(folder).sort().map((name) => join(folder, name)));
  const scripts = ['postgres.mjs', 'secrets.mjs', 'stack.mjs'].map((name) => inProject('local', 'stack', name));
  const hash = createHash('sha256').update(JSON.stringify(migrationHashes()));
  for (const file of [...files, ...scripts, inProject('package-lock.json')]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
