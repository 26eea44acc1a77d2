/** Finds test files by their names. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../stack/paths.mjs';

/** Paths below a folder of the project that end so and, if there are filters, contain one of them. */
export function findFiles(folder, ending, filters = []) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(ending) && (filters.length === 0 || filters.some((part) => name.includes(part))))
    .sort();
}
