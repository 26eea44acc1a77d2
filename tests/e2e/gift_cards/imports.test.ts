import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { type Answer, call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { uniqueCard } from '../../support/unique.ts';

function upload(poolId: string, csv: string | Uint8Array, more: Record<string, string> = {}, token?: string) {
  const query = `?${new URLSearchParams({ poolId, ...more })}`;
  return call('upload-gift-cards', csv, { query, type: 'text/csv', ...(token && { token }) });
}

/** All that a tenant has, to compare it before and after a call. */
async function stateOf(clientId: string) {
  const [state] = await sql`
    select (select count(*) from public.gift_cards where client_id = ${clientId}) as cards,
      (select count(*) from public.imports where client_id = ${clientId}) as imports,
      (select count(*) from public.import_rows where client_id = ${clientId}) as rows,
      (select count(*) from public.audit_events where client_id = ${clientId}) as events,
      (select count(*) from public.system_alerts where metadata ->> 'client_id' = ${clientId}) as alerts,
      (select count(*) from private.idempotency_keys where scope like ${'%' + clientId + '%'}) as answers`;
  return state;
}

Deno.test('upload-gift-cards: a dry run → how the file is read, samples without secrets, each problem by its cell; nothing changes', async () => {
  const { poolId, clientId, cards: [known] } = await promise({ cards: 1 });
  const [one, two] = [uniqueCard(), uniqueCard()];
  const csv =
    `Card #;PIN;Remark;expires\n${one.code};${one.pin};x;2099-12-31\n${known.code};1;;\n${two.code};=1;;\n\n${one.code};;;\n`;
  const before = await stateOf(clientId);
  const answer = await upload(poolId, csv, { dryRun: 'true' });
  assertDone(answer);
  const { encoding, delimiter, header, mapping, ignored, counts, samples, rows } = answer.body;
  assert.deepEqual([encoding, delimiter, header], ['utf-8', ';', ['Card #', 'PIN', 'Remark', 'expires']]);
  assert.deepEqual(mapping, { code: 'Card #', pin: 'PIN', expirationDate: 'expires' });
  assert.deepEqual(ignored, ['Remark']);
  assert.deepEqual(counts, { rows: 4, imported: 1, duplicates: 2, rejected: 1 });
  assert.deepEqual(samples[0], {
    line: 2,
    code: `•••• ${one.code.slice(-4)}`,
    pin: '••••',
    expirationDate: '2099-12-31',
  });
  assert.deepEqual(rows.map((row: Record<string, unknown>) => [row.line, row.status, row.column]), [
    [3, 'duplicate', undefined],
    [4, 'rejected', 'pin'],
    [6, 'duplicate', 'code'],
  ]);
  for (const { code } of [one, two, known]) assert.ok(!answer.text.includes(code));
  assert.deepEqual(await stateOf(clientId), before);
  assert.equal((await upload(poolId, csv)).body.imported, 1);
});

Deno.test('upload-gift-cards: columns with names of their own → read by a mapping; one that names nothing → refused by its field', async () => {
  const { poolId } = await promise({ cards: 0 });
  const csv = (code: string) => `Kartennummer,code\n${code},note\n`;
  const mapped = await upload(poolId, csv(uniqueCard().code), { mapping: '{"code": "Kartennummer"}' });
  assert.equal(mapped.body.imported, 1, mapped.text);
  for (
    const [mapping, field, problem] of [
      ['{"cod": "Kartennummer"}', 'mapping.cod', 'is not known; did you mean "code"?'],
      ['{"code": "Nummer"}', 'mapping.code', 'names no column of the header in line 1'],
      ['["code"]', 'mapping', 'must be a JSON object of field and column'],
    ]
  ) {
    const { fields } = assertRefused(await upload(poolId, csv(uniqueCard().code), { mapping }), 'GC-012');
    assert.deepEqual(fields, [{ field, problem }], mapping);
  }
});

Deno.test('upload-gift-cards: Windows-1252, named by the caller → read', async () => {
  const { poolId } = await promise({ cards: 0 });
  const bytes = Uint8Array.from(`code,note\n${uniqueCard().code},Café\n`, (character) => character.charCodeAt(0));
  assertRefused(await upload(poolId, bytes), 'GC-012');
  assert.equal((await upload(poolId, bytes, { encoding: 'windows-1252' })).body.imported, 1);
});

Deno.test('upload-gift-cards: a misspelt parameter → refused, because a dry run would not be one', async () => {
  const { poolId, clientId } = await promise({ cards: 0 });
  const before = await stateOf(clientId);
  const { fields } = assertRefused(await upload(poolId, `code\n${uniqueCard().code}\n`, { dryrun: 'true' }), 'GC-012');
  assert.deepEqual(fields, [{ field: 'dryrun', problem: 'is not known; did you mean "dryRun"?' }]);
  assert.deepEqual(await stateOf(clientId), before);
});

interface Sender {
  poolId: string;
  chunks: string[];
  fileHash: string;
}

/** Sends the chunks from one on, as a caller does that knows nothing but its file. */
async function send({ poolId, chunks, fileHash }: Sender, from = 1, to = chunks.length): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let chunk = from; chunk <= to; chunk++) {
    const more = { chunk: String(chunk), isLast: String(chunk === chunks.length), fileHash, expectedRows: '6' };
    answers.push(await upload(poolId, chunks[chunk - 1], more));
    assertDone(answers.at(-1)!);
  }
  return answers;
}

function sender(poolId: string): Sender {
  const chunks = Array.from({ length: 3 }, () => `code\n${uniqueCard().code}\n${uniqueCard().code}\n`);
  return { poolId, chunks, fileHash: createHash('sha256').update(chunks.join()).digest('hex') };
}

Deno.test('upload-gift-cards: a caller is killed between two chunks and begins again → each card once, one import', async () => {
  const { poolId, clientId } = await promise({ cards: 0 });
  const file = sender(poolId);
  const [first, second] = await send(file, 1, 2);
  const again = await send(file);
  assert.deepEqual(
    [again[0].body, again[1].body].map(({ requestId: _own, ...body }) => body),
    [first.body, second.body]
      .map(({ requestId: _own, ...body }) => body),
  );
  const { progress, importStatus, importId } = again[2].body;
  assert.deepEqual(progress, { rows: 6, accepted: 6, known: 0, refused: 0, chunks: 3, expectedRows: 6 });
  assert.equal(importStatus, 'finished');
  assert.deepEqual([first, second, again[2]].map(({ body }) => body.importId), Array(3).fill(importId));
  assert.equal((await stateOf(clientId)).imports, 1);
  assert.equal((await stateOf(clientId)).cards, 6);
});

Deno.test('upload-gift-cards: a chunk is sent twice at once → its cards once', async () => {
  const { poolId, clientId } = await promise({ cards: 0 });
  const file = sender(poolId);
  const answers = await Promise.all(Array.from({ length: 4 }, () => send(file, 1, 1)));
  assert.deepEqual(answers.map(([{ body }]) => body.imported), [2, 2, 2, 2]);
  assert.equal((await stateOf(clientId)).cards, 2);
});

Deno.test('upload-gift-cards: parts that contradict each other → refused by their field', async () => {
  const { poolId } = await promise({ cards: 0 });
  const csv = `code\n${uniqueCard().code}\n`;
  for (
    const [more, field] of [
      [{ importId: crypto.randomUUID() }, 'chunk'],
      [{ isLast: 'true' }, 'chunk'],
      [{ chunk: '2' }, 'importId'],
      [{ chunk: '1', dryRun: 'true' }, 'dryRun'],
      [{ chunk: 'one' }, 'chunk'],
      [{ fileHash: 'abc' }, 'fileHash'],
    ] as [Record<string, string>, string][]
  ) {
    const { fields } = assertRefused(await upload(poolId, csv, more), 'GC-012');
    assert.equal(fields[0].field, field, JSON.stringify(more));
  }
});

Deno.test('imports: the history → for admins of the client only, without code, PIN or remark', async () => {
  const [mine, foreign] = [
    await promise({ cards: 0, stockOwner: 'client' }),
    await promise({ cards: 0, stockOwner: 'client' }),
  ];
  const { client, token } = await signUpAs('client_admin', mine.clientId);
  const [good, bad] = [uniqueCard(), uniqueCard()];
  const csv = `code,pin,remark\n${good.code},4711,secret remark\n${bad.code},=4711,x\n`;
  const { body: { importId } } = await upload(mine.poolId, csv, { fileName: 'cards.csv' }, token);
  const { body: { importId: theirs } } = await upload(foreign.poolId, `code\n${uniqueCard().code}\n`);

  const { data: history } = await client.from('imports').select('*');
  assert.deepEqual(history!.map(({ id }) => id), [importId]);
  const { data: listed } = await client.rpc('list_imports', { client_id: mine.clientId });
  assert.deepEqual(listed, history);
  const { data: one } = await client.rpc('get_import', { import_id: importId });
  assert.deepEqual([one.file_name, one.status, one.row_count, one.accepted_count, one.refused_count], [
    'cards.csv',
    'finished',
    2,
    1,
    1,
  ]);
  const { data: rows } = await client.rpc('list_import_rows', { import_id: importId, outcome: 'refused' });
  assert.deepEqual(
    rows.map(({ row_number, line, problems }: Record<string, unknown>) => [row_number, line, problems]),
    [
      [2, 3, [{ column: 'pin', problem: 'the PIN begins like a spreadsheet formula' }]],
    ],
  );
  const written = JSON.stringify([history, rows]);
  for (const value of [good.code, bad.code, '4711', 'secret remark']) assert.ok(!written.includes(value), value);

  for (const name of ['get_import', 'list_import_rows']) {
    assert.equal((await client.rpc(name, { import_id: theirs })).error?.code, 'RB404');
  }
  const agent = await signUpAs('call_agent', mine.clientId);
  assert.deepEqual((await agent.client.from('imports').select('*')).data, []);
  assert.deepEqual((await agent.client.from('import_rows').select('*')).data, []);
  assert.equal((await agent.client.rpc('get_import', { import_id: importId })).error?.code, 'RB403');
});

Deno.test('upload-gift-cards: exceptionsOnly → the rows that were not imported', async () => {
  const { poolId } = await promise({ cards: 0 });
  const answer = await upload(poolId, `code\n${uniqueCard().code}\nNOT-A-CARD\n`, { exceptionsOnly: 'true' });
  assertDone(answer);
  assert.equal(answer.body.imported, 1);
  assert.deepEqual(answer.body.rows.map(({ line }: { line: number }) => line), [3]);
});

Deno.test('export-import-rows: the problems of an import as a file that no spreadsheet takes for formulas', async () => {
  const [mine, foreign] = [await promise({ cards: 0, stockOwner: 'client' }), await promise({ cards: 0 })];
  const { token } = await signUpAs('client_admin', mine.clientId);
  const csv = `code,pin\n${uniqueCard().code},=1\n${uniqueCard().code},\nNOT-A-CARD,\n`;
  const { body: { importId } } = await upload(mine.poolId, csv, {}, token);
  // as a server could have recorded it
  await sql`update public.import_rows set problems = '[{"column": "=cmd()", "problem": "@SUM(1)"}]'
    where import_id = ${importId} and row_number = 3`;
  const { text } = await call('export-import-rows', { importId }, { token });
  assert.deepEqual(text.split('\r\n'), [
    'row,line,outcome,column,problem',
    '1,2,refused,pin,the PIN begins like a spreadsheet formula',
    "3,4,refused,'=cmd(),'@SUM(1)",
    '',
  ]);
  const rest = await call('export-import-rows', { importId, outcome: 'refused', afterRow: 1 }, { token });
  assert.deepEqual(rest.text.split('\r\n').length, 3);
  const stranger = await signUpAs('client_admin', foreign.clientId);
  assertRefused(await call('export-import-rows', { importId }, { token: stranger.token }), 'RB-404');
});
