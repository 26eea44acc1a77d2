/** Words that comments, test titles and docs do not use, with the term that stands for each: rule 9 of CONTRIBUTING.md. */
import { readFileSync } from 'node:fs';
import { inProject } from '../../stack/paths.mjs';
import { findFiles } from '../testing/files.mjs';

const BANNED = [
  [/\bdoors?\b/i, 'entry point'],
  [/\bdesks?\b/i, 'admin entry points, or JobContext'],
  [/\bbells?\b/i, 'trigger'],
  [/\bwhoever\b/i, 'the role or function'],
  [/\bsomebody\b/i, 'the operator, another caller'],
  [/\bnobody\b/i, 'no caller, unknown'],
  [/\b(is|are|was|were) told\b/i, 'gets a message, an alert is raised'],
  [/\bthe house\b/i, 'the platform'],
  [/\bcalled off\b/i, 'cancelled'],
  [/\btaken back\b/i, 'revoked, returned to stock'],
  [/\banew\b/i, 'again, recreated'],
  [/\b(he|his|him|himself)\b/, 'they'],
];

/** Legitimate uses by file. */
const ALLOWED = new Map([
  ['local/stack/account.mjs', ['nobody']], // the account of that name
  ['local/tools/checks/words.test.ts', ['he']],
]);

/** Banned words of a file's prose, each as `file:line: word → term`. */
export function bannedWords(file, text) {
  const allowed = ALLOWED.get(file) ?? [];
  return proseOf(file, text).flatMap(([line, prose]) =>
    BANNED.flatMap(([pattern, term]) => {
      const [word] = pattern.exec(prose) ?? [];
      return word && !allowed.includes(word) ? [`${file}:${line}: "${word}" → ${term}`] : [];
    })
  );
}

/** Numbered lines: of Markdown all, else comments, SQL texts of several words, and titles of tests. */
function proseOf(file, text) {
  const lines = text.split('\n').map((line, index) => [index + 1, line]);
  if (file.endsWith('.md')) return lines;
  const sql = /\.(sql|psql)$/.test(file);
  return lines.map(([number, line]) => [number, sql ? sqlProse(line) : scriptProse(line)]);
}

function sqlProse(line) {
  const comment = /(?:^|\s)--\s(.*)$/.exec(line)?.[1] ?? '';
  const texts = [...line.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => text).filter((text) =>
    /\S \S+ \S/.test(text)
  );
  return [comment, ...texts].join(' | ');
}

function scriptProse(line) {
  const comment = /^\s*(?:\/\/|\/?\*)(.*)$|\s\/\/\s(.*)$/.exec(line);
  const title = /Deno\.test\((['"`])(.*)\1,/.exec(line);
  return [comment?.[1] ?? comment?.[2] ?? '', title?.[2] ?? ''].join(' | ');
}

/** Problems of all files of the project; the changelog keeps the words of its time. */
export function checkWords() {
  const files = [
    ...['.ts', '.mjs'].flatMap((ending) =>
      ['supabase/functions', 'local', 'tests', 'bench'].flatMap((folder) => findFiles(folder, ending))
    ),
    ...['.sql', '.psql'].flatMap((ending) =>
      ['supabase/migrations', 'supabase/tests'].flatMap((folder) => findFiles(folder, ending))
    ),
    ...findFiles('docs', '.md'),
    'README.md',
    'CONTRIBUTING.md',
  ];
  return files.flatMap((file) => bannedWords(file, readFileSync(inProject(file), 'utf8')));
}
