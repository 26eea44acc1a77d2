import assert from 'node:assert/strict';
import type { Refusal } from '../http/errors.ts';
import { describeTable, type Layout, readTable } from './table.ts';

const LAYOUT: Layout<'email' | 'name'> = {
  fields: ['email', 'name'],
  fieldsOf: (header) =>
    header.map((name) => (['email', 'name'] as const).find((field) => field === name.toLowerCase())),
  needed: ['email'],
  accepted: 'e-mail address',
  rows: 'people',
};

const read = (text: string, mapping?: Record<string, string>) =>
  readTable(new TextEncoder().encode(text), LAYOUT, { mapping });

function problemsOf(text: string, mapping?: Record<string, string>): unknown {
  try {
    return read(text, mapping);
  } catch (error) {
    return (error as Refusal).details.fields;
  }
}

Deno.test('describeTable: header cells that may be a card or a person → hidden, others as they are', () => {
  const table = read('Email;jo@example.com;4711-0815;Line 2\na;b;c;d\n');
  assert.deepEqual(describeTable(table), {
    encoding: 'utf-8',
    delimiter: ';',
    header: ['Email', '(hidden)', '(hidden)', 'Line 2'],
    mapping: { email: 'Email' },
    ignored: ['(hidden)', '(hidden)', 'Line 2'],
  });
});

Deno.test('readTable: a needed column that is nearly named → refused with its place, without the header', () => {
  assert.deepEqual(problemsOf('Secret,Emial\na,b\n'), [{
    field: 'file',
    problem: 'line 1 has no column named "email", nor another name of it: e-mail address (column 2 is nearly "email")',
  }]);
});

Deno.test('readTable: a mapping goes before the names; two columns of the name that it says → refused', () => {
  assert.deepEqual(read('email,Other\na,b\n', { email: 'other' }).columns, { email: 1 });
  assert.deepEqual(problemsOf('x,X\na,b\n', { email: 'x' }), [{
    field: 'mapping.email',
    problem: 'names 2 columns of the header in line 1',
  }]);
});
