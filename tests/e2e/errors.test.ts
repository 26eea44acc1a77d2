import assert from 'node:assert/strict';
import { catalogue } from '../../supabase/functions/_shared/errors.ts';

const root = new URL('../../', import.meta.url);

const TEST = /\.test\.(ts|sql)$/;

// The catalogue itself, and this file, name every code.
const LISTS = ['errors.ts', 'errors.test.ts'];

/** The text of all files below a folder whose names are wanted. */
function textOf(folder: string, wanted: RegExp): string {
  const url = new URL(folder, root);
  return Array.from(Deno.readDirSync(url), ({ name, isDirectory }) => {
    if (isDirectory) return textOf(`${folder}${name}/`, wanted);
    return wanted.test(name) && !LISTS.includes(name) ? Deno.readTextFileSync(new URL(name, url)) : '';
  }).join('\n');
}

/** The codes in a text, written as in the catalogue or as an SQLSTATE. */
function codesIn(text: string): Set<string> {
  return new Set(Array.from(text.matchAll(/\b([A-Z]{2})-?(\d{3})\b/g), ([, family, number]) => `${family}-${number}`));
}

Deno.test('errors: every code that the database raises is in the catalogue', () => {
  const raised = [...codesIn(textOf('supabase/migrations/', /\.sql$/))].filter((code) =>
    /^(GC|RB|VC|WL|PC|TK|OP)-/.test(code)
  );
  assert.ok(raised.length >= 10, String(raised));
  assert.deepEqual(raised.filter((code) => !(code in catalogue)), []);
});

Deno.test('errors: every code of the catalogue is raised by a test', () => {
  const tested = codesIn(
    textOf('tests/', TEST) + textOf('supabase/tests/', TEST) + textOf('supabase/functions/', TEST),
  );
  const missing = Object.keys(catalogue).filter((code) => !tested.has(code));
  assert.deepEqual(missing, []);
});
