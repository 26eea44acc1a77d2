import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { redeem } from '../../support/gift_cards.ts';
import { type Call, call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { uniquePhone } from '../../support/unique.ts';

function importFile(
  campaignId: string,
  csv: string | Uint8Array,
  more: Record<string, string> = {},
  options: Call = {},
) {
  const query = `?${new URLSearchParams({ campaignId, ...more })}`;
  return call('import-recipients', csv, { query, type: 'text/csv', ...options });
}

async function recipientsOf(campaignId: string): Promise<number> {
  const [{ count }] = await sql`select count(*) from public.campaign_recipients where campaign_id = ${campaignId}`;
  return count;
}

const outcomes = (rows: Record<string, unknown>[]) => rows.map(({ line, outcome, field }) => [line, outcome, field]);

Deno.test('import-recipients: the file of a CRM → a recipient for each good row, whose code gives a card', async () => {
  const { campaignId, clientId } = await promise({ cards: 1, recipients: 0 });
  const phone = uniquePhone();
  const csv =
    `Record ID;First Name;Surname;E-Mail;Mobile Phone;Remark\r\n1;José;Núñez;JO@example.com;${phone};x\r\n\r\n` +
    `2;Bea;Baker;not an address;;\r\n3;Carl;Cole;;2.0E+10;\r\n4;Dan;Diaz;dan@example.com;;\r\n`;
  const { token } = await signUpAs('client_admin', clientId);
  const answer = await importFile(campaignId, csv, { fileName: 'list.csv' }, { token });
  assertDone(answer);
  assert.deepEqual(outcomes(answer.body.rows), [
    [2, 'imported', undefined],
    [4, 'rejected', 'email'],
    [5, 'rejected', 'phone'],
    [6, 'imported', undefined],
  ]);
  assert.deepEqual(answer.body.ignored, ['Remark']);
  const [{ first_name, last_name, email, external_crm_id }] = await sql`
    select * from public.campaign_recipients where campaign_id = ${campaignId} and phone = ${phone}`;
  assert.deepEqual([first_name, last_name, email, external_crm_id], ['José', 'Núñez', 'jo@example.com', '1']);
  assertDone(await redeem(answer.body.rows[0].redemptionCode));

  const again = await importFile(campaignId, csv, {}, { token });
  assert.deepEqual([again.body.imported, again.body.known, again.body.repeats], [0, 2, answer.body.importId]);
  assert.equal(await recipientsOf(campaignId), 2);
});

Deno.test('import-recipients: JSON and a form → the same recipients', async () => {
  const { campaignId } = await promise({ cards: 0, recipients: 0 });
  const phone = uniquePhone();
  const json = await call('import-recipients', { campaignId, recipients: [{ firstName: 'Ada', phone }] });
  assert.equal(json.body.imported, 1, json.text);
  const form = new FormData();
  form.set('campaignId', campaignId);
  form.set('file', new File([`first name,phone\nAda,${phone}\n`], 'list.csv'));
  const known = await call('import-recipients', form);
  assert.deepEqual([known.body.known, known.body.rows[0].recipientId], [1, json.body.rows[0].recipientId]);
  assertRefused(await call('import-recipients', { campaignId, recipients: [{ first_name: 'Ada' }] }), 'RB-400');
});

Deno.test('import-recipients: a dry run → counts, samples and the rows that would not come in; nothing changes', async () => {
  const { campaignId, clientId } = await promise({ cards: 0, recipients: 0 });
  const csv = `name,first name,phone\nx,Ada,${uniquePhone()}\nx,Bea,nobody\n`;
  const stateOf = async () =>
    (await sql`select (select count(*) from public.campaign_recipients where client_id = ${clientId}) as recipients,
      (select count(*) from public.recipient_codes where client_id = ${clientId}) as codes,
      (select count(*) from public.imports where client_id = ${clientId}) as imports,
      (select count(*) from public.audit_events where client_id = ${clientId}) as events`)[0];
  const before = await stateOf();
  const answer = await importFile(campaignId, csv, { dryRun: 'true' });
  assertDone(answer);
  const { counts, mapping, ignored, rows, samples } = answer.body;
  assert.deepEqual(counts, { rows: 2, imported: 1, known: 0, sharedContact: 0, rejected: 1 });
  assert.deepEqual([mapping, ignored], [{ firstName: 'first name', phone: 'phone' }, ['name']]);
  assert.deepEqual([samples.length, outcomes(rows)], [2, [[3, 'rejected', 'phone']]]);
  assert.ok(!answer.text.includes('redemptionCode'));
  assert.deepEqual(await stateOf(), before);
});

Deno.test('import-recipients: chunks, one of them sent again → each recipient once, with its code in every answer', async () => {
  const { campaignId } = await promise({ cards: 0, recipients: 0 });
  const chunk = (from: number) =>
    `email\n${Array.from({ length: 3 }, (_, n) => `jo.${from + n}@example.com`).join('\n')}\n`;
  const first = await importFile(campaignId, chunk(1), { chunk: '1' });
  assertDone(first);
  const { importId } = first.body;
  const again = await importFile(campaignId, chunk(1), { chunk: '1', importId });
  assert.deepEqual(again.body.rows, first.body.rows);
  const last = await importFile(campaignId, chunk(4), { chunk: '2', importId, isLast: 'true' });
  assert.deepEqual(last.body.progress, { rows: 6, accepted: 6, known: 0, refused: 0, chunks: 2 });
  assert.equal(await recipientsOf(campaignId), 6);
  assertRefused(await importFile(campaignId, chunk(7), { chunk: '3', importId }), 'RB-400');
});

Deno.test('import-recipients: the history holds no address, number, name or code', async () => {
  const { campaignId, clientId } = await promise({ cards: 0, recipients: 0 });
  const [phone, other] = [uniquePhone(), uniquePhone()];
  const csv = `first name,phone,email\nAda,${phone},ada@example.com\nBea,${phone},\nCleo,${other} ext. 5,\n`;
  const { body: { importId, rows: [{ redemptionCode }] } } = await importFile(campaignId, csv);
  const { client } = await signUpAs('client_admin', clientId);
  const { data: rows } = await client.rpc('list_import_rows', { import_id: importId });
  assert.deepEqual(
    rows.map(({ line, outcome, problems }: Record<string, unknown>) => [line, outcome, problems]),
    [
      [3, 'refused', [{ column: 'phone', problem: 'is that of another recipient' }]],
      [4, 'refused', [{
        column: 'phone',
        problem:
          'must be one phone number, in international form such as +12025550123 or as it is dialed in the country',
      }]],
    ],
  );
  const { data: history } = await client.from('imports').select('*').eq('id', importId);
  const written = JSON.stringify([rows, history]);
  for (const value of ['Ada', 'Cleo', phone, other, 'ada@example.com', redemptionCode]) {
    assert.ok(!written.includes(value), value);
  }
});

Deno.test('import-recipients: only admins of the client and servers', async () => {
  const [mine, foreign] = [await promise({ cards: 0, recipients: 0 }), await promise({ cards: 0, recipients: 0 })];
  const [agent, stranger] = [
    await signUpAs('call_agent', mine.clientId),
    await signUpAs('client_admin', foreign.clientId),
  ];
  const csv = 'email\njo@example.com\n';
  assertRefused(await importFile(mine.campaignId, csv, {}, { token: agent.token }), 'RB-403');
  assertRefused(await importFile(mine.campaignId, csv, {}, { token: stranger.token }), 'RB-404');
  assertRefused(await importFile(mine.campaignId, csv, { dryRun: 'true' }, { token: stranger.token }), 'RB-404');
  assertRefused(await importFile(mine.campaignId, csv, {}, { key: null }), 'RB-401');
  assert.equal(await recipientsOf(mine.campaignId), 0);
});
