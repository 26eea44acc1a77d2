import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Refusal } from '../http/errors.ts';
import { readCsvFile } from './csv.ts';

function read(text: string): unknown {
  try {
    return readCsvFile(new TextEncoder().encode(text), 100);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    return error.details.fields;
  }
}

// A quote in the last cell sends the whole file through the parser.
const withQuote = (text: string, delimiter: string) => text.replace(new RegExp(`(^|[\\n${delimiter}])x$`), '$1"x"');

Deno.test('readCsvFile: a file without quotes → the records and lines that the parser finds', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '1', ' ', '.', 'é', '\t'), maxLength: 4 });
  const line = fc.oneof(fc.array(cell, { minLength: 2, maxLength: 2 }), fc.array(cell, { maxLength: 3 }));
  fc.assert(fc.property(fc.array(line, { maxLength: 5 }), fc.constantFrom(',', ';'), (lines, delimiter) => {
    const text = [['h1', 'h2'], ...lines, ['end', 'x']].map((cells) => cells.join(delimiter)).join('\n');
    assert.deepEqual(read(text), read(withQuote(text, delimiter)), JSON.stringify(text));
  }));
});

Deno.test('readCsvFile: a byte order mark and another encoding of the caller → the mark decides', () => {
  const utf8 = new TextEncoder().encode('\ufeffcafé,b\n');
  assert.equal(readCsvFile(utf8, 10, 'windows-1252').records[0].record[0], 'café');
  const latin = Uint8Array.from('café,b\n', (character) => character.charCodeAt(0));
  assert.equal(readCsvFile(latin, 10, 'windows-1252').records[0].record[0], 'café');
});
