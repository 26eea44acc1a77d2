import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvFile, writeCsv } from './csv_out.ts';

const HOSTILE = [
  '=1+1',
  '+1+1',
  '-1+1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  '\n=1',
  '\0=1',
  "=cmd|' /C calc'!A0",
  '-2+3+cmd|x',
  '＝1',
  '＋1',
  '＠x',
  '－1',
];

Deno.test('writeCsv: a cell that begins like a formula → text', () => {
  for (const name of HOSTILE) {
    const [[cell]] = parse(writeCsv(['name'], [{ name }]), { from: 2 });
    assert.equal(cell, `'${name}`);
  }
});

Deno.test('writeCsv: amounts, also negative → numbers with their decimals', () => {
  const csv = writeCsv(['margin', 'revenue', 'rate'], [{
    margin: '-5.00',
    revenue: '1234567890123456.10',
    rate: null,
  }]);
  assert.equal(csv, 'margin,revenue,rate\r\n-5.00,1234567890123456.10,\r\n');
});

Deno.test('writeCsv: no rows → the header', () => {
  assert.equal(writeCsv(['a', 'b'], []), 'a,b\r\n');
});

Deno.test('writeCsv: arbitrary text → one cell, never a formula', () => {
  const unit = fc.oneof(
    fc.constantFrom('=', '+', '-', '@', '"', ',', '\n', '\r', '\t', "'", ';'),
    fc.string({ maxLength: 1 }),
  );
  fc.assert(fc.property(fc.array(unit, { minLength: 1, maxLength: 20 }), (parts) => {
    const name = parts.join('');
    const records = parse(writeCsv(['name', 'next'], [{ name, next: 'x' }]), { from: 2, relax_column_count: false });
    const [[cell, next]] = records;
    assert.deepEqual([records.length, next], [1, 'x']);
    assert.ok(cell === name || cell === `'${name}`);
    assert.ok(!/^[=+@\t\r\n\0]/.test(cell) && !/^-(?!\d+(\.\d+)?$)/.test(cell), JSON.stringify(cell));
  }));
});

Deno.test('csvFile: the response → an attachment with its name, no-store', () => {
  const { headers } = csvFile('liability.csv', 'a\r\n');
  assert.equal(headers.get('content-disposition'), 'attachment; filename="liability.csv"');
  assert.equal(headers.get('cache-control'), 'no-store');
});
