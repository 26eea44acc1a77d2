import assert from 'node:assert/strict';
import { describe, log } from './log.ts';

function lineOf(...line: Parameters<typeof log>): string {
  const { info } = console;
  let written = '';
  console.info = (text: string) => void (written += text);
  try {
    log(...line);
  } finally {
    console.info = info;
  }
  return written;
}

Deno.test('log: a line → one JSON object that begins with its message', () => {
  const line = lineOf('[PROVISION] Success', { requestId: 'r', note: 'a\nb' });
  assert.equal(line, '{"message":"[PROVISION] Success","requestId":"r","note":"a\\nb"}');
});

Deno.test('log: a phone number in any field → its last four digits', () => {
  const line = lineOf('[TWILIO] Failed', {
    reason: "Invalid 'To' number: +14155552671",
    nested: { to: '+442071838750' },
  });
  assert.doesNotMatch(line, /1415555|4420718/);
  assert.match(line, /\+…2671.*\+…8750/);
});

Deno.test('log: an e-mail address → its domain; a package version → unchanged', () => {
  const line = lineOf('[SENDGRID] Failed', {
    reason: 'The address "ada.lovelace+x@mail.example.com" is on a list',
    stack: 'at file:///node_modules/.deno/@supabase+server@1.8.1/index.js',
  });
  assert.doesNotMatch(line, /lovelace/);
  assert.match(line, /…@mail\.example\.com/);
  assert.match(line, /server@1\.8\.1/);
});

Deno.test('log: a long field → cut, the line stays JSON', () => {
  const line = lineOf('[TEST]', { detail: 'x'.repeat(50_000) });
  assert.ok(line.length < 10_000);
  assert.equal(JSON.parse(line).detail.length, 2001);
});

Deno.test('describe: anything thrown → its description with causes', () => {
  const told = describe(new TypeError('outer', { cause: new Error('inner') }));
  assert.deepEqual([told.name, (told.cause as Error).message], ['TypeError', 'inner']);
  assert.deepEqual(describe('text'), { thrown: 'text' });
  assert.deepEqual(describe(undefined), { thrown: 'undefined' });
});
