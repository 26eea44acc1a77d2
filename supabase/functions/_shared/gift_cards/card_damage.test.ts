import assert from 'node:assert/strict';
import { readCards } from './card_file.ts';
import { Refusal } from '../http/errors.ts';
import { damageOf } from '../files/spreadsheets.ts';
import { SPOILT_CELLS } from '../../../../tests/fixtures/inputs.ts';

const codes = (text: string) => readCards(new TextEncoder().encode(text)).rows.map(({ code }) => code);

function problemOf(text: string): string {
  try {
    codes(text);
  } catch (error) {
    return ((error as Refusal).details.fields as { problem: string }[])[0].problem;
  }
  assert.fail('nothing was refused');
}

Deno.test('damageOf: cells that a spreadsheet has spoilt → the reason and the remedy, without the cell', () => {
  for (const cell of SPOILT_CELLS) {
    assert.match(damageOf(cell)!, /; export the column as text$/, cell);
    assert.ok(!damageOf(cell)!.includes(cell), cell);
  }
  for (const cell of ['12E5', 'A1E+05', '630119', 'E+05', '0012345678', "A'B"]) {
    assert.equal(damageOf(cell), null, cell);
  }
});

Deno.test('readCards: ="0012345678", quoted or not → the text in it', () => {
  assert.deepEqual(codes('code,pin\n="0012345678",1\n"=""0012345679""",="0002"\n'), ['0012345678', '0012345679']);
  assert.equal(readCards(new TextEncoder().encode('code;pin\r\nA-1;="0002"\r\n')).rows[0].pin, '0002');
});

Deno.test('readCards: a first line sep=; → the delimiter, and lines are counted with it', () => {
  assert.deepEqual(codes('sep=;\r\ncode;pin\r\nA,1;1\r\n'), ['A,1']);
  assert.deepEqual(codes('\ufeff"sep=;"\ncode;pin\nA-1;1\n'), ['A-1']);
  assert.match(problemOf('sep=;\ncode;pin\nA-1;1\n"A-2;2\n'), /^line 4 /);
  assert.match(problemOf('sep=;\nnumber;pin\nA-1;1\n'), /^line 2 /);
});

Deno.test('readCards: long numbers that all end in zeros → the whole file is refused with the remedy', () => {
  assert.match(problemOf('code\n6301194567890120000\n6301194567890130000\n'), /export the column as text$/);
  assert.deepEqual(codes('code\n6301194567890120000\n6301194567890130001\n').length, 2);
  assert.deepEqual(codes('code\n6301194567890120\n1234\n').length, 2);
});
