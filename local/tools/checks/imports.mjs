/** Checks which files import which: no circles, and nothing that points the wrong way. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inProject } from '../../stack/paths.mjs';
import { findFiles } from '../testing/files.mjs';

/** Paths that a folder may not import, with the reason; `except` names what its tests may. */
const FORBIDDEN = [
  {
    from: 'supabase/functions/',
    to: /^(?!supabase\/functions\/)/,
    except: /^tests\/fixtures\//,
    reason: 'the product imports its own files only',
  },
  { from: 'local/', to: /^(tests|bench)\//, reason: 'the local stack does not know its tests' },
  { from: 'local/stack/', to: /^local\/(tools|sandbox)\//, reason: 'tools and sandbox are above the stack' },
  { from: 'local/sandbox/', to: /^local\/(tools|stack)\//, reason: 'the sandbox runs by itself' },
];

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'(\.{1,2}\/[^']+)'/g;

/** The files of the project's folders: a map of path → text. */
export function readSources(folders) {
  const paths = folders.flatMap((folder) => ['.ts', '.mjs'].flatMap((ending) => findFiles(folder, ending)));
  return new Map(paths.map((path) => [path, readFileSync(inProject(path), 'utf8')]));
}

/** What is wrong with the imports of these sources, a line each, and the figures of their folders. */
export function checkImports(sources) {
  const files = graphOf(sources);
  const folders = byFolder(files);
  return {
    problems: [
      ...circlesIn(files).map((circle) => `Files in a circle: ${circle.join(' → ')}`),
      ...circlesIn(folders).map((circle) => `Folders in a circle: ${circle.join(' → ')}\n${between(files, circle)}`),
      ...wrongWays(files),
    ],
    figures: {
      folders: folders.size,
      floors: new Set(floorsOf(folders).values()).size,
      arrows: [...folders.values()].reduce((sum, targets) => sum + targets.size, 0),
    },
  };
}

function graphOf(sources) {
  return new Map([...sources].map(([path, text]) => {
    const targets = [...text.matchAll(IMPORT)].map(([, target]) => join(dirname(path), target));
    return [path, new Set(targets.filter((target) => target !== path))];
  }));
}

/** The same graph with folders instead of files. */
function byFolder(files) {
  const folders = new Map();
  for (const [path, targets] of files) {
    const own = folders.get(dirname(path)) ?? new Set();
    for (const target of targets) if (dirname(target) !== dirname(path)) own.add(dirname(target));
    folders.set(dirname(path), own);
  }
  return folders;
}

/** One circle through each group of nodes that reach each other, as a path that ends where it begins. */
function circlesIn(graph) {
  const circles = [];
  const seen = new Set();
  for (const start of [...graph.keys()].sort()) {
    if (seen.has(start)) continue;
    const circle = pathBack(graph, start);
    if (!circle) continue;
    circle.forEach((node) => seen.add(node));
    circles.push(circle);
  }
  return circles;
}

/** The shortest path from a node back to itself, or null. */
function pathBack(graph, start) {
  const queue = [[start]];
  const visited = new Set();
  for (let path = queue.shift(); path; path = queue.shift()) {
    for (const next of graph.get(path.at(-1)) ?? []) {
      if (next === start) return [...path, start];
      if (visited.has(next)) continue;
      visited.add(next);
      queue.push([...path, next]);
    }
  }
  return null;
}

/** The imports that make a circle of folders. */
function between(files, circle) {
  const steps = circle.slice(1).map((folder, at) => [circle[at], folder]);
  return steps.map(([from, to]) => {
    const [path, targets] = [...files].find(([path, targets]) =>
      dirname(path) === from && [...targets].some((target) => dirname(target) === to)
    );
    return `  ${path} imports ${[...targets].find((target) => dirname(target) === to)}`;
  }).join('\n');
}

function wrongWays(files) {
  return FORBIDDEN.flatMap(({ from, to, except, reason }) =>
    [...files].filter(([path]) => path.startsWith(from)).flatMap(([path, targets]) =>
      [...targets]
        .filter((target) => to.test(target) && !(path.endsWith('.test.ts') && except?.test(target)))
        .map((target) => `${path} imports ${target}: ${reason}`)
    )
  );
}

/** The floor of each folder: 0 for those that import no other, else one above the highest that they import. */
function floorsOf(folders) {
  const floors = new Map();
  const floorOf = (folder, path = []) => {
    if (path.includes(folder)) return 0; // a circle, which is reported
    if (!floors.has(folder)) {
      const below = [...folders.get(folder) ?? []].map((target) => floorOf(target, [...path, folder]));
      floors.set(folder, Math.max(-1, ...below) + 1);
    }
    return floors.get(folder);
  };
  for (const folder of folders.keys()) floorOf(folder);
  return floors;
}
