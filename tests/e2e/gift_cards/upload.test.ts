import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { countersOf, redeem } from '../../support/gift_cards.ts';
import { type Answer, type Call, call } from '../../support/http.ts';
import { clientWith, signUpAs } from '../../support/people.ts';
import { promise, type Promised, stock } from '../../support/promise.ts';
import { stack } from '../../support/stack.ts';
import { uniqueCard } from '../../support/unique.ts';

function uploadCsv(poolId: string, csv: string | Uint8Array, options: Call = {}) {
  return call('upload-gift-cards', csv, { query: `?poolId=${poolId}`, type: 'text/csv', ...options });
}

/** How many cards a pool has, and what its counters say, which must be the same. */
async function cardsIn(poolId: string): Promise<number> {
  const [{ cards }] = await sql`select count(*) as cards from public.gift_cards where pool_id = ${poolId}`;
  assert.equal((await countersOf(poolId)).total, cards);
  return cards;
}

function statuses({ body }: Answer): [number, string][] {
  return body.rows.map(({ row, status }: { row: number; status: string }) => [row, status]);
}

Deno.test('upload-gift-cards: JSON through supabase-js → every card can be provisioned', async () => {
  const { poolId, recipients, cards } = await promise({ cards: 3, recipients: 3 });
  assert.equal(await cardsIn(poolId), 3);
  const out = await Promise.all(recipients.map(({ token }) => redeem(token)));
  const given = out.map(({ body }) => ({ code: body.giftCard.code, pin: body.giftCard.pin }));
  const byCode = (a: { code: string }, b: { code: string }) => a.code < b.code ? -1 : 1;
  assert.deepEqual(given.toSorted(byCode), cards.toSorted(byCode));
});

Deno.test("upload-gift-cards: a supplier's file with its own names, timestamps, Never and a total → cards with their serial numbers", async () => {
  const { poolId, recipient } = await promise({ cards: 0 });
  const [first, second] = [uniqueCard(), uniqueCard()];
  const csv = 'Order ID,Card #,Activation Code,Serial Number,Valid Thru\n' +
    `1,${first.code},${first.pin},SN-0001,2099-12-31T00:00:00Z\n2,${second.code},${second.pin},,Never\nTotal,,,,\n`;
  const answer = await uploadCsv(poolId, csv);
  assertDone(answer);
  assert.deepEqual(statuses(answer), [[1, 'imported'], [2, 'imported']]);
  const { body } = await redeem(recipient.token);
  assert.deepEqual([body.giftCard.code, body.giftCard.pin, body.giftCard.serialNumber], [
    first.code,
    first.pin,
    'SN-0001',
  ]);
  const odd = assertRefused(await uploadCsv(poolId, 'Reference,Barcode\n7,A-1\n'), 'GC-012');
  assert.match(JSON.stringify(odd), /card number, claim code, voucher code/);
});

Deno.test('upload-gift-cards: BOM, CRLF, semicolons and quoted line breaks → read', async () => {
  const { poolId, recipient } = await promise({ cards: 0 });
  const card = uniqueCard();
  const csv = '\uFEFFGift Card Code;"Note";PIN;Expiration Date\r\n' +
    `${card.code};"two\r\nlines; and ""quotes""";${card.pin};2099-12-31\r\n\r\n`;
  const answer = await uploadCsv(poolId, csv);
  assertDone(answer);
  assert.deepEqual(statuses(answer), [[1, 'imported']]);
  const { body } = await redeem(recipient.token);
  assert.deepEqual([body.giftCard.code, body.giftCard.pin], [card.code, card.pin]);
  assert.equal(new Date(body.giftCard.expiresAt).toISOString(), '2100-01-01T00:00:00.000Z');
});

Deno.test("upload-gift-cards: an expiry → the end of that day in the client's time zone", async () => {
  const { poolId } = await promise({ cards: 0, timeZone: 'America/New_York' });
  const { code } = uniqueCard();
  assertDone(await uploadCsv(poolId, `code,expires\n${code},2099-07-04\n`));
  const [{ expires_at }] = await sql`select expires_at from public.gift_cards where pool_id = ${poolId}`;
  assert.equal(expires_at.toISOString(), '2099-07-05T04:00:00.000Z');
});

Deno.test('upload-gift-cards: ambiguous days → refused with the question; with dateFormat → read', async () => {
  const { poolId } = await promise({ cards: 0, timeZone: 'America/New_York' });
  const csv = `code,expires\n${uniqueCard().code},12/31/2099\n`;
  const { fields: [question] } = assertRefused(await uploadCsv(poolId, csv), 'GC-012');
  assert.equal(question.field, 'dateFormat');
  assert.equal(await cardsIn(poolId), 0);
  const query = `?poolId=${poolId}&dateFormat=MM/DD/YYYY`;
  assertDone(await uploadCsv(poolId, csv, { query }));
  const [{ expires_at }] = await sql`select expires_at from public.gift_cards where pool_id = ${poolId}`;
  assert.equal(expires_at.toISOString(), '2100-01-01T05:00:00.000Z');
  const dayFirst = `code,expires\n${uniqueCard().code},03/04/2099\n${uniqueCard().code},31/12/2099\n`;
  const { fields: [order] } = assertRefused(await uploadCsv(poolId, dayFirst, { query }), 'GC-012');
  assert.equal(order.field, 'dateFormat');
  assert.equal(await cardsIn(poolId), 1);
});

Deno.test('upload-gift-cards: a form with a file → imported', async () => {
  const { poolId, clientId } = await promise({ cards: 0, stockOwner: 'client' });
  const admin = await signUpAs('client_admin', clientId);
  const form = new FormData();
  form.set('poolId', poolId);
  form.set('file', new File([`code,pin\n${uniqueCard().code},1234\n`], 'cards.csv', { type: 'text/csv' }));
  const { data, error } = await admin.client.functions.invoke('upload-gift-cards', { body: form });
  assert.equal(error, null);
  assert.equal(data.imported, 1);
  assert.equal(await cardsIn(poolId), 1);
});

Deno.test('upload-gift-cards: valid and invalid rows → an outcome each, the valid ones are stored', async () => {
  const { poolId, cards: [known] } = await promise({ cards: 1 });
  const [one, two] = [uniqueCard(), uniqueCard()];
  const answer = await uploadCsv(
    poolId,
    [
      'code,pin,expiration_date',
      `${one.code},1234,`, // 1 good
      `${one.code.toLowerCase().replaceAll('-', '')},,`, // 2 not the brand's format
      `${one.code},9999,`, // 3 twice in the file
      `${known.code},,`, // 4 in the pool already
      'NOT-A-CARD,,', // 5
      '4111 1111 1111 1111,,', // 6 a payment card
      `${two.code},,2020-01-31`, // 7 expired
      `${uniqueCard().code},,31.12.2099`, // 8 no date
      `=HYPERLINK("https://x"),,`.replace('"https://x"', "'x'"), // 9 a formula
      `,,`, // 10 nothing
      `${uniqueCard().code},,`, // 11 good
    ].join('\n'),
  );
  assertDone(answer);
  const expected = [
    'imported',
    'rejected',
    'duplicate',
    'duplicate',
    'rejected',
    'rejected',
    'expired',
    'rejected',
    'rejected',
    'rejected',
    'imported',
  ];
  assert.deepEqual(statuses(answer), expected.map((status, index) => [index + 1, status]));
  const { imported, duplicates, rejected, alreadyUploaded, rows } = answer.body;
  assert.deepEqual([imported, duplicates, rejected, alreadyUploaded], [2, 2, 7, false]);
  assert.ok(rows.every(({ status, reason }: Record<string, string>) => status === 'imported' || reason));
  assert.match(rows[5].reason, /payment card/);
  assert.equal(await cardsIn(poolId), 3);
});

/** A pool of another client for the same brand, whose codes may have any form. */
async function poolOf({ clientId }: Promised, brandId: string): Promise<string> {
  await sql`update public.gift_card_brands set code_format = null where id = ${brandId}`;
  const [{ id }] = await sql`
    insert into public.card_pools (client_id, brand_id, pool_name, denomination, cost_per_card)
    values (${clientId}, ${brandId}, 'Pool', 25, 24)
    returning id`;
  return id;
}

function rowsOf({ body }: Answer) {
  return body.rows.map(({ row: _row, ...rest }: { row: number }) => rest);
}

Deno.test('upload-gift-cards: a known code, however it is written → duplicate for its client, rejected for another', async () => {
  const [mine, other] = [await promise({ cards: 1 }), await promise({ cards: 0 })];
  const [own, foreign] = [await poolOf(mine, mine.brandId), await poolOf(other, mine.brandId)];
  const { code } = mine.cards[0];
  for (const disguise of [code, code.toLowerCase(), code.replaceAll('-', ' '), code.replaceAll('-', '')]) {
    const cards = [{ code: disguise }];
    const [again, elsewhere] = [
      await call('upload-gift-cards', { poolId: own, cards }),
      await call('upload-gift-cards', { poolId: foreign, cards }),
    ];
    assertDone(again);
    assert.deepEqual(rowsOf(again), [{ status: 'duplicate', reason: 'this code is already here' }], disguise);
    assertDone(elsewhere);
    assert.deepEqual(rowsOf(elsewhere), [{ status: 'rejected', reason: 'the card cannot be stocked' }], disguise);
  }
  assert.deepEqual([await cardsIn(own), await cardsIn(foreign)], [0, 0]);
  const alerts = await sql`
    select client_id, metadata from public.system_alerts
    where alert_type = 'known_card_code' and metadata ->> 'pool_id' = ${foreign}`;
  assert.deepEqual(alerts.map(({ client_id, metadata }) => [client_id, metadata.cards]), Array(4).fill([null, 1]));
  assert.ok(!JSON.stringify(alerts).includes(code));
});

Deno.test('upload-gift-cards: equal digits of two brands → two cards', async () => {
  const [one, two] = [await promise({ cards: 0 }), await promise({ cards: 0 })];
  const digits = String(randomInt(10 ** 11, 10 ** 12));
  for (const { brandId, poolId } of [one, two]) {
    await sql`update public.gift_card_brands set code_format = null where id = ${brandId}`;
    assert.deepEqual(statuses(await call('upload-gift-cards', { poolId, cards: [{ code: digits }] })), [[
      1,
      'imported',
    ]]);
  }
});

Deno.test('upload-gift-cards: codes and links that differ by case alone → two cards where case counts', async () => {
  const { brandId, poolId } = await promise({ cards: 0 });
  await sql`update public.gift_card_brands set code_format = null, code_case_matters = true where id = ${brandId}`;
  const { code } = uniqueCard();
  const links = [`https://rewards.example/${code}/Ab-c`, `https://rewards.example/${code}/ab-c`];
  const codes = [code, code.toLowerCase(), ...links, links[0]];
  const answer = await call('upload-gift-cards', { poolId, cards: codes.map((code) => ({ code })) });
  const expected = ['imported', 'imported', 'imported', 'imported', 'duplicate'];
  assert.deepEqual(statuses(answer).map(([, status]) => status), expected);
});

Deno.test('upload-gift-cards: the same file again → adds nothing, alreadyUploaded', async () => {
  const { poolId } = await promise({ cards: 0 });
  const csv = `code\n${uniqueCard().code}\n${uniqueCard().code}\n`;
  const first = await uploadCsv(poolId, csv);
  const second = await uploadCsv(poolId, csv);
  assert.deepEqual([first.body.imported, first.body.alreadyUploaded], [2, false]);
  assert.deepEqual([second.body.imported, second.body.alreadyUploaded, second.body.duplicates], [0, true, 2]);
  assert.equal(await cardsIn(poolId), 2);
});

Deno.test('upload-gift-cards: the same Idempotency-Key → the same answer; with another file → RB-409', async () => {
  const { poolId } = await promise({ cards: 0 });
  const options = { idempotencyKey: crypto.randomUUID() };
  const csv = `code\n${uniqueCard().code}\n`;
  const first = await uploadCsv(poolId, csv, options);
  const second = await uploadCsv(poolId, csv, options);
  assert.deepEqual({ ...second.body, requestId: '' }, { ...first.body, requestId: '' });
  assertRefused(await uploadCsv(poolId, `code\n${uniqueCard().code}\n`, options), 'RB-409');
  assert.equal(await cardsIn(poolId), 1);
});

Deno.test('upload-gift-cards: malformed or too large → refused as a whole', async () => {
  const { poolId } = await promise({ cards: 0 });
  const { code } = uniqueCard();
  const rows = (count: number) => Array.from({ length: count }, () => uniqueCard().code).join('\n');
  const refused: [string, string | Uint8Array, 'GC-012' | 'RB-413'][] = [
    ['empty', '', 'GC-012'],
    ['a header only', 'code,pin\n', 'GC-012'],
    ['no header', `${code}\n`, 'GC-012'],
    ['an open quote', `code\n${code}\n"${uniqueCard().code}\n`, 'GC-012'],
    ['a ragged row', `code,pin\n${code},1\n${uniqueCard().code},1,2\n`, 'GC-012'],
    ['card security codes', `code,cvv\n${code},123\n`, 'GC-012'],
    ['two code columns', `code,card_number\n${code},${code}\n`, 'GC-012'],
    ['not UTF-8', Uint8Array.of(...new TextEncoder().encode(`code\n${code}\n`), 0xff, 0xfe), 'GC-012'],
    ['null bytes', `code\n${code}\0\n`, 'GC-012'],
    ['10,001 rows', `code\n${rows(10_001)}\n`, 'RB-413'],
    ['5 MB', `code,note\n${code},x\n`.padEnd(5 * 1024 * 1024 + 1, `${code},x\n`), 'RB-413'],
  ];
  for (const [what, csv, expected] of refused) {
    const answer = await uploadCsv(poolId, csv);
    const { fields } = assertRefused(answer, expected);
    if (expected === 'GC-012') assert.equal(fields[0].field, 'file', what);
    assert.ok(!answer.text.includes(code), `the answer about ${what} repeats a code`);
  }
  const json = await call('upload-gift-cards', { poolId, cards: [{ code, cvv: '123' }] });
  assertRefused(json, 'GC-012');
  assert.equal(await cardsIn(poolId), 0);
  assertRefused(await call('upload-gift-cards', 'code', { query: `?poolId=${poolId}`, type: 'text/plain' }), 'RB-415');
});

Deno.test('upload-gift-cards: 10,000 cards in one call → stored', async () => {
  const { poolId } = await promise({ cards: 0 });
  const cards = Array.from({ length: 10_000 }, uniqueCard);
  const csv = `code,pin\n${cards.map(({ code, pin }) => `${code},${pin}`).join('\n')}\n`;
  const answer = await uploadCsv(poolId, csv);
  assertDone(answer);
  assert.equal(answer.body.imported, 10_000);
  assert.equal(await cardsIn(poolId), 10_000);
});

Deno.test('upload-gift-cards: not an admin of the client or a server → refused', async () => {
  const [{ poolId, clientId }, foreign] = [
    await promise({ cards: 0, stockOwner: 'client' }),
    await promise({ cards: 0 }),
  ];
  const upload = (options: Call) => call('upload-gift-cards', { poolId, cards: [uniqueCard()] }, options);
  const [agent, stranger] = [await signUpAs('call_agent', clientId), await signUpAs('client_admin', foreign.clientId)];
  assertRefused(await upload({ token: agent.token }), 'RB-403');
  assertRefused(await upload({ token: stranger.token }), 'RB-404');
  assertRefused(await upload({ key: stack.publishableKey }), 'RB-401');
  assertRefused(await upload({ key: null }), 'RB-401');
  assert.equal(await cardsIn(poolId), 0);

  for (const role of ['client_admin', 'agency_admin', 'platform_admin'] as const) {
    const { token } = await signUpAs(role, clientId);
    assertDone(await upload({ token }));
  }
  const server = clientWith(stack.secretKey);
  const { data, error } = await server.functions.invoke('upload-gift-cards', {
    body: { poolId, cards: [uniqueCard()] },
  });
  assert.deepEqual([data?.imported, error], [1, null]);
  assert.equal(await cardsIn(poolId), 4);
});

Deno.test('upload-gift-cards: a master pool, not by the platform → refused', async () => {
  const { brandId, clientId } = await promise({ cards: 0 });
  const [{ id: poolId }] = await sql`
    insert into public.card_pools (brand_id, pool_name, denomination, pool_type, cost_per_card)
    values (${brandId}, 'Master', 25, 'master', 23) returning id`;
  const [client, platform] = [await signUpAs('client_admin', clientId), await signUpAs('platform_admin')];
  const upload = (token: string) => call('upload-gift-cards', { poolId, cards: [uniqueCard()] }, { token });
  assertRefused(await upload(client.token), 'RB-404');
  assertDone(await upload(platform.token));
  await stock(poolId, 2);
  assert.equal(await cardsIn(poolId), 3);
});
