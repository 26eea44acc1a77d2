import assert from 'node:assert/strict';
import { Refusal } from '../_shared/http/errors.ts';
import { readBody } from '../_shared/http/parse.ts';
import { contract } from './contract.ts';
import { readUpload as readParsed, type Upload } from './read_upload.ts';

const POOL = '00000000-0000-4000-8000-000000000001';
const CSV = 'code,pin\nA-1,12\n';
const ROW = { code: 'A-1', pin: '12', expirationDate: '' };

/** Reads an upload as the function does, by its contract. */
async function readUpload(request: Request): Promise<Upload> {
  return await readParsed(await readBody(request, contract.request) as Uint8Array<ArrayBuffer>, request);
}

function post(body: BodyInit, contentType?: string, query = ''): Request {
  const headers = contentType ? { 'content-type': contentType } : undefined;
  return new Request(`http://localhost/upload-gift-cards${query}`, { method: 'POST', body, headers });
}

function json(body: unknown, query = ''): Request {
  return post(JSON.stringify(body), 'application/json', query);
}

function form(fields: Record<string, string | Blob>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

async function refusalOf(request: Request): Promise<{ code: string; field?: string; problem?: string }> {
  const error = await readUpload(request).then(() => assert.fail('nothing was refused'), (thrown) => thrown);
  assert.ok(error instanceof Refusal, String(error));
  const [first] = (error.details.fields ?? []) as {
    field: string;
    problem: string;
  }[];
  return { code: error.code, ...first };
}

Deno.test('readUpload: CSV, a form and JSON → the same rows', async () => {
  const uploads = [
    post(CSV, 'text/csv; charset=utf-8', `?poolId=${POOL}`),
    post(form({ poolId: POOL, file: new File([CSV], 'cards.csv') })),
    post(form({ file: new File([CSV], 'cards.csv') }), undefined, `?poolId=${POOL}`),
    json({ poolId: POOL, cards: [{ code: ' A-1 ', pin: '12' }] }),
    json({ cards: [{ code: 'A-1', pin: '12', expirationDate: null }] }, `?poolId=${POOL}`),
  ];
  for (const upload of uploads) {
    const isFile = upload.headers.get('content-type') !== 'application/json';
    const { poolId, rows } = await readUpload(upload);
    assert.deepEqual([poolId, rows], [POOL, [isFile ? { ...ROW, line: 2 } : ROW]]);
  }
});

Deno.test('readUpload: the same file alone and in a form → the same hash', async () => {
  const alone = await readUpload(post(CSV, 'text/csv', `?poolId=${POOL}`));
  const inForm = await readUpload(post(form({ poolId: POOL, file: new File([CSV], 'x') })));
  const other = await readUpload(post(`${CSV}A-2,1\n`, 'text/csv', `?poolId=${POOL}`));
  assert.equal(inForm.fileHash, alone.fileHash);
  assert.notEqual(other.fileHash, alone.fileHash);
});

Deno.test('readUpload: no pool, or a malformed id → refused', async () => {
  const problems = { '': 'is required', '?poolId=1': 'must be a UUID', "?poolId='%20or%201=1": 'must be a UUID' };
  for (const [query, problem] of Object.entries(problems)) {
    assert.deepEqual(await refusalOf(post(CSV, 'text/csv', query)), { code: 'RB-400', field: 'poolId', problem });
  }
});

Deno.test('readUpload: other media types → refused', async () => {
  for (const type of ['text/plain', 'application/octet-stream', 'application/zip']) {
    assert.equal((await refusalOf(post(CSV, type, `?poolId=${POOL}`))).code, 'RB-415');
  }
});

Deno.test('readUpload: more than 5 MB → refused', async () => {
  const body = `code\n${'A'.repeat(5 * 1024 * 1024)}`;
  assert.equal((await refusalOf(post(body, 'text/csv', `?poolId=${POOL}`))).code, 'RB-413');
});

Deno.test('readUpload: more than 10,000 cards → refused', async () => {
  const cards = Array.from({ length: 10_001 }, () => ({ code: 'A-1' }));
  assert.equal((await refusalOf(json({ poolId: POOL, cards }))).code, 'RB-413');
});

Deno.test('readUpload: a card with 100,000 fields → read in linear time', async () => {
  const fields = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`field ${n}`, '']));
  const { rows } = await readUpload(json({ poolId: POOL, cards: [{ ...fields, code: 'A-1' }] }));
  assert.equal(rows[0].code, 'A-1');
});

Deno.test('readUpload: a form without a file, or malformed → refused', async () => {
  assert.equal((await refusalOf(post(form({ poolId: POOL })))).field, 'file');
  assert.equal((await refusalOf(post(form({ poolId: POOL, file: 'A-1' })))).field, 'file');
  for (const body of ['', 'x', '--b\r\n', '--b--']) {
    assert.equal((await refusalOf(post(body, 'multipart/form-data; boundary=b'))).code, 'RB-400', body);
  }
  assert.equal((await refusalOf(post(CSV, 'multipart/form-data'))).code, 'RB-400');
});

const BAD_CARDS: [string, unknown, string][] = [
  ['no list', { code: 'A-1' }, 'cards'],
  ['an empty list', [], 'cards'],
  ['a list of texts', ['A-1'], 'cards.0'],
  ['a number as code', [{ code: 'A-1' }, { code: 7 }], 'cards.1.code'],
  ['a list as PIN', [{ code: 'A-1', pin: [] }], 'cards.0.pin'],
  ['a null byte', [{ code: 'A\u0000B' }], 'cards.0.code'],
  ['a security code', [{ code: 'A-1', cvv: '123' }], 'file'],
];

for (const [what, cards, field] of BAD_CARDS) {
  Deno.test(`readUpload: JSON with ${what} → refused as a whole`, async () => {
    const refused = await refusalOf(json({ poolId: POOL, cards }));
    assert.deepEqual([refused.code, refused.field], ['RB-400', field]);
  });
}

Deno.test('readUpload: dateFormat in query or form → for the file; JSON → ISO days only', async () => {
  const file = () => new File([CSV], 'cards.csv');
  const uploads: [Request, string | null][] = [
    [post(CSV, 'text/csv', `?poolId=${POOL}`), null],
    [post(CSV, 'text/csv', `?poolId=${POOL}&dateFormat=MM/DD/YYYY`), 'MM/DD/YYYY'],
    [post(form({ poolId: POOL, file: file() })), null],
    [post(form({ poolId: POOL, file: file(), dateFormat: 'DD.MM.YYYY' })), 'DD.MM.YYYY'],
    [post(form({ poolId: POOL, file: file() }), undefined, '?dateFormat=DD/MM/YYYY'), 'DD/MM/YYYY'],
    [json({ poolId: POOL, cards: [{ code: 'A-1' }] }), 'YYYY-MM-DD'],
  ];
  const read = await Promise.all(uploads.map(([request]) => readUpload(request)));
  assert.deepEqual(read.map(({ dateFormat }) => dateFormat), uploads.map(([, expected]) => expected));
  const hashes = read.slice(0, 3).map(({ fileHash }) => fileHash);
  assert.deepEqual([hashes[1] !== hashes[0], hashes[2] === hashes[0]], [true, true]);
  for (const format of ['', 'mm/dd/yyyy', 'MM/DD/YY', 'american']) {
    const refused = await refusalOf(post(CSV, 'text/csv', `?poolId=${POOL}&dateFormat=${format}`));
    assert.deepEqual([refused.code, refused.field], ['RB-400', 'dateFormat'], format);
  }
});

Deno.test('readUpload: a second file, or a part that is not known → refused, not dropped', async () => {
  const twice = form({ poolId: POOL, file: new File([CSV], 'a.csv') });
  twice.append('file', new File(['code\nB-1\n'], 'b.csv'));
  assert.deepEqual(await refusalOf(post(twice)), {
    code: 'RB-400',
    field: 'file',
    problem: 'must be one file: send each with a call of its own',
  });
  const other = form({ poolId: POOL, file: new File([CSV], 'a.csv'), file2: new File([CSV], 'b.csv') });
  assert.equal((await refusalOf(post(other))).field, 'file2');
});
