import assert from 'node:assert/strict';
import { MAX_ROWS } from '../files/table.ts';
import { Refusal } from '../http/errors.ts';
import { readCards } from './card_file.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const codes = (text: string) => readCards(bytes(text)).rows.map(({ code }) => code);

function refusal(content: string | Uint8Array): { code: string; problem: string; text: string } {
  try {
    readCards(typeof content === 'string' ? bytes(content) : content);
  } catch (error) {
    assert.ok(error instanceof Refusal, String(error));
    const [first] = (error.details.fields ?? [{}]) as { problem: string }[];
    return { code: error.code, problem: first.problem, text: JSON.stringify(error.body('id')) };
  }
  assert.fail('nothing was refused');
}

Deno.test('readCards: a plain file → its rows', () => {
  assert.deepEqual(readCards(bytes('code,pin,expiration_date\nA-1,12,2030-01-31\nA-2,,\n')).rows, [
    { code: 'A-1', pin: '12', expirationDate: '2030-01-31', line: 2 },
    { code: 'A-2', pin: '', expirationDate: '', line: 3 },
  ]);
});

Deno.test('readCards: byte order mark, CRLF, lone CR, no last line end → accepted', () => {
  assert.deepEqual(codes('\ufeffcode,pin\r\nA-1,1\r\nA-2,2'), ['A-1', 'A-2']);
  assert.deepEqual(codes('code\rA-1\rA-2'), ['A-1', 'A-2']);
  assert.deepEqual(codes('code,pin\nA-1,1\r\nA-2,2\n'), ['A-1', 'A-2']);
});

Deno.test('readCards: semicolons or tabs → separators', () => {
  assert.deepEqual(codes('code;pin;expires\nA-1;1;2030-01-31\n'), ['A-1']);
  const [row] = readCards(bytes('code\tpin\texpires\nA-1\t\t2030-01-31\n')).rows;
  assert.deepEqual(row, { code: 'A-1', pin: '', expirationDate: '2030-01-31', line: 2 });
});

Deno.test('readCards: separators, quotes and line breaks in quoted cells → kept', () => {
  assert.deepEqual(codes('note,code\n"a, ""b""\nc",A-1\n"",A-2\n'), ['A-1', 'A-2']);
});

Deno.test('readCards: column names in any usual spelling and order → found', () => {
  for (const name of ['Code', ' CODE ', 'card_code', 'Card Number', 'Gift Card Code', 'gift-card-code', '"code"']) {
    assert.deepEqual(codes(`id,${name}\n7,A-1\n`), ['A-1'], name);
  }
  for (const name of ['Expiration Date', 'expires', 'expirationDate', 'EXPIRY', 'Exp. date'.replace('.', '')]) {
    assert.equal(readCards(bytes(`code,${name}\nA-1,2030-01-31\n`)).rows[0].expirationDate, '2030-01-31', name);
  }
});

Deno.test('readCards: a code → trimmed, otherwise unchanged', () => {
  assert.deepEqual(codes('code\n  a-1 b \n0012\n=1+1\n'), ['a-1 b', '0012', '=1+1']);
});

Deno.test('readCards: blank lines → skipped', () => {
  assert.deepEqual(codes('code,pin\n\nA-1,1\n\n\nA-2,2\n\n'), ['A-1', 'A-2']);
});

const MALFORMED: [string, string, string][] = [
  ['an unclosed quote', 'code,pin\nA-1,1\n"A-2,2\n', 'line 3 opens a quote that is never closed'],
  ['text after a quote', 'code,pin\n"A-1"x,1\n', 'line 2 has text after a closing quote'],
  ['a quote inside a cell', 'code,pin\nA-1,1\nA"2,2\n', 'line 3 has a quote inside an unquoted cell'],
  ['a short row', 'code,pin\nA-1,1\nA-2\n', 'line 3 has not as many cells as the header'],
  ['a long row', 'code,pin\nA-1,1,9\n', 'line 2 has not as many cells as the header'],
  ['an endless line', `code,pin\n${'A'.repeat(20_000)},1\n`, 'line 2 is too long'],
  [
    'no code column',
    'AMZN-1234-5678-90AB\nAMZN-2345-6789-01BC\n',
    'line 1 has no column named "code", nor another name of it: card number, claim code, voucher code, gift card number, e-gift card number, activation code, …',
  ],
  [
    'two code columns',
    'code,Card Number\nA-1,A-2\n',
    'line 1 has two columns for "code": "code", "Card Number"; delete or rename all but one',
  ],
  ['a header only', 'code,pin\n', 'has no cards'],
  ['nothing', '', 'is empty'],
  [
    'blank lines only',
    '\n\n',
    'line 1 has no column named "code", nor another name of it: card number, claim code, voucher code, gift card number, e-gift card number, activation code, …',
  ],
];

for (const [what, file, problem] of MALFORMED) {
  Deno.test(`readCards: a file with ${what} → refused with the line, without the cell`, () => {
    const refused = refusal(file);
    assert.deepEqual([refused.code, refused.problem], ['RB-400', problem]);
    assert.doesNotMatch(refused.text, /A-1|A-2|AMZN|AAAA/);
  });
}

Deno.test('readCards: not UTF-8 text → refused', () => {
  for (const content of [[0xff, 0xfe, 0x63], [0x63, 0xe4, 0x0a], [0x63, 0x00, 0x64]]) {
    assert.equal(refusal(new Uint8Array(content)).problem, 'is not UTF-8 text; save it as "CSV UTF-8"');
  }
});

Deno.test('readCards: a column of security codes → the file is refused', () => {
  for (const name of ['cvv', 'CVC2', 'Security Code', 'card-security-code']) {
    assert.match(refusal(`code,${name}\nA-1,123\n`).problem, /security codes/, name);
  }
});

Deno.test('readCards: 10,000 rows → read; one more → refused', () => {
  const file = (rows: number) => `code\n${Array.from({ length: rows }, (_, row) => `A-${row}`).join('\n')}\n`;
  assert.equal(codes(file(MAX_ROWS)).length, MAX_ROWS);
  assert.equal(refusal(file(MAX_ROWS + 1)).code, 'RB-413');
  assert.equal(refusal(file(1_000_000)).code, 'RB-413');
});

Deno.test("readCards: suppliers' headers → known", () => {
  const names = [
    'Claim Code',
    'Voucher Code',
    'Activation Code',
    'Card #',
    'Card Number',
    'Gift Card Number',
    'E-Gift Card Number',
    'eGift Code',
    'E-Gift',
    'Redemption Code',
    'Gift Card No.',
    'Claim URL',
  ];
  for (const name of names) assert.deepEqual(codes(`Order,"${name}"\n7,A-1\n`), ['A-1'], name);
  assert.deepEqual(codes('Gift Card,Code,Redemption URL\nAcme,A-1,https://acme.example\n'), ['A-1']);
  assert.deepEqual(codes('Activation Code,Redemption URL\nA-1,https://acme.example\n'), ['A-1']);
  const file = 'Card Number,Activation Code,Serial Number,Valid Thru\nA-1,9876,SN-1,2030-01-31\nA-2,9875,,Never\n';
  assert.deepEqual(readCards(bytes(file)).rows, [
    { code: 'A-1', pin: '9876', expirationDate: '2030-01-31', serialNumber: 'SN-1', line: 2 },
    { code: 'A-2', pin: '9875', expirationDate: '', line: 3 },
  ]);
});

Deno.test('readCards: a header that is not known → refused with the accepted names', () => {
  assert.match(
    refusal('Reference,Barcode\n7,A-1\n').problem,
    /"code", nor another name of it: card number, claim code, voucher code/,
  );
  assert.match(refusal('Card Number,Security Code\nA-1,1\n').problem, /a gift card's own belongs into a column "pin"/);
});

Deno.test('readCards: ISO timestamps → their day; "Never" → no expiration', () => {
  const dayOf = (cell: string) => readCards(bytes(`code,expires\nA-1,${cell}\n`)).rows[0].expirationDate;
  for (
    const cell of [
      '2030-01-31T23:59:59Z',
      '2030-01-31T00:00:00.000+00:00',
      '2030-01-31 00:00:00',
      '2030-01-31T00:00',
      '2030-01-31',
    ]
  ) {
    assert.equal(dayOf(cell), '2030-01-31', cell);
  }
  for (const cell of ['Never', 'never expires', 'N/A', 'none', 'No Expiration', 'Does not expire', '-']) {
    assert.equal(dayOf(cell), '', cell);
  }
  for (const cell of ['soon', '2030-01-31T99', '01/31/2030']) {
    assert.equal(dayOf(cell), cell, 'left to be refused by its row');
  }
});

Deno.test('readCards: total rows at the end → no cards', () => {
  assert.deepEqual(codes('code,value\nA-1,25\nA-2,25\nTotal,50\n'), ['A-1', 'A-2']);
  assert.deepEqual(codes('brand,code,value\nX,A-1,25\nGrand Total:,,25\n'), ['A-1']);
  assert.deepEqual(codes('code\nTOTAL-1\n'), ['TOTAL-1']);
  assert.match(refusal('code,value\nTotal,0\n').problem, /no cards/);
});
