import assert from 'node:assert/strict';
import { bannedWords } from './words.mjs';

Deno.test('bannedWords: SQL comments, comments on objects and titles → named with their term', () => {
  const sql =
    "-- Whoever asks.\nselect 1; -- the door\ncomment on table t is 'What he has bought.';\nselect is(1, 1, 'f: nobody asks → ok');";
  assert.deepEqual(bannedWords('a.sql', sql).map((line: string) => line.split('"')[1]), [
    'Whoever',
    'door',
    'he',
    'nobody',
  ]);
  assert.deepEqual(bannedWords('a.sql', '-- Whoever asks.'), ['a.sql:1: "Whoever" → the role or function']);
});

Deno.test('bannedWords: names and data in code → allowed', () => {
  assert.deepEqual(bannedWords('a.sql', "create table doors ();\ninsert into t values ('nobody');"), []);
  assert.deepEqual(bannedWords('a.ts', "const door = 'is told';"), []);
});

Deno.test('bannedWords: TypeScript comments and titles, Markdown → named', () => {
  const script = "// somebody\n/** The desk. */\nDeno.test('f: he asks → ok', () => {});";
  assert.deepEqual(bannedWords('a.ts', script).length, 3);
  assert.deepEqual(bannedWords('a.md', 'Cards are taken back.').length, 1);
});
