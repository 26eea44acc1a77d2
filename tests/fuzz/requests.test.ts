import assert from 'node:assert/strict';
import { connect, kinds } from '../support/crm.ts';
import { sql } from '../support/database.ts';
import { assertRefused, assertUnsigned, badRequestOf } from '../support/expect.ts';
import { type Answer, call } from '../support/http.ts';
import { promise } from '../support/promise.ts';
import { targets } from '../support/targets.ts';
import { isCode } from '../../supabase/functions/_shared/http/errors.ts';

const MEGABYTE = 1024 * 1024;

/** How many rows of a client each table has, without the records of refusals, and of messages that leave meanwhile. */
async function rowsOf(clientId: string): Promise<Record<string, number>> {
  const tables = await sql`
    select c.oid::regclass::text as name from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_id'
    where c.relnamespace = any ('{public,private}'::regnamespace[]) and c.relkind = 'r'
      and c.relname not in ('provisioning_traces', 'gift_card_provisioning_trace', 'redemption_attempts', 'delivery_attempts')`;
  const counts = await Promise.all(
    tables.map(({ name }) => sql.unsafe(`select count(*) as rows from ${name} where client_id = '${clientId}'`)),
  );
  return Object.fromEntries(tables.map(({ name }, index) => [name, counts[index][0].rows]));
}

function assertCoded(answer: Answer, what: string): void {
  const { status, body, text } = answer;
  assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text.slice(0, 500)}`);
  assert.ok(isCode(body?.error?.code), `${what}: ${text.slice(0, 500)}`);
  assertRefused(answer, body.error.code);
}

function deep(levels: number): string {
  return '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
}

const NOT_BODIES: [string, string | Uint8Array][] = [
  ['nothing', ''],
  ['blanks', ' \n '],
  ['no JSON', 'redemptionCode=ABC'],
  ['half a JSON', '{"campaignId": "'],
  ['two JSONs', '{}{}'],
  ['an array', '[]'],
  ['a text', '"text"'],
  ['a number', '1e999'],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['deep nesting', deep(50_000)],
  ['deep nesting in a field', `{"job":${deep(5000)},"code":${deep(5000)},"giftCardId":${deep(5000)}}`],
  ['a prototype', '{"__proto__":{"job":"deliveries"},"constructor":{"prototype":{}}}'],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)],
  ['a null byte', '{"a":"\0"}'],
];

Deno.test('fuzz: malformed requests to every function → refused, nothing is stored', async () => {
  const promised = await promise();
  const all = await targets(promised);
  const before = await rowsOf(promised.clientId);
  for (const { name, options } of all) {
    for (const [what, body] of NOT_BODIES) {
      const answer = await call(name, body, { type: 'application/json', ...options });
      assertCoded(answer, `${name} with ${what}`);
      assert.equal(answer.body.error.code, badRequestOf(name), `${name} with ${what}`);
    }
  }
  assert.deepEqual(await rowsOf(promised.clientId), before);
});

Deno.test('fuzz: ten megabytes to every function → too large', async () => {
  const promised = await promise();
  const body = JSON.stringify({ text: 'x'.repeat(10 * MEGABYTE) });
  for (const { name, options } of await targets(promised)) {
    assertRefused(await call(name, body, { type: 'application/json', ...options }), 'RB-413');
  }
});

Deno.test('fuzz: other methods and media types to every function → refused', async () => {
  const promised = await promise();
  for (const { name, options, body } of await targets(promised)) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD']) {
      const answer = await call(name, undefined, { ...options, method });
      assert.equal(answer.status, 405, `${method} ${name}: ${answer.text}`);
      if (method !== 'HEAD') assertRefused(answer, 'RB-405');
    }
    for (const type of [null, 'text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'json']) {
      assertRefused(await call(name, JSON.stringify(body), { ...options, type }), 'RB-415');
    }
    assertCoded(await call(name, body, { ...options, idempotencyKey: 'x'.repeat(300) }), `${name} with a long key`);
  }
});

// None of these is right anywhere: not as an id, a number, a list, a phone or a date.
const WRONG_VALUES: [string, unknown][] = [
  ['a null byte', 'a\0b'],
  ['half a surrogate', '\ud800'],
  ['SQL', `'; drop table recipients; --`],
  ['a formula', `=cmd|' /C calc'!A0`],
  ['an emoji', '🎁'],
  ['a right-to-left text', '\u202Egift'],
  ['a huge number', 1e308],
  ['a negative number', -1],
  ['a fraction', 1.5],
  ['a list', [1, [2]]],
  ['an object', { $ne: null }],
  ['true', true],
  ['a long text', 'x'.repeat(100_000)],
  ['a path', '../../etc/passwd'],
  ['a template', '{{code}}'],
];

Deno.test('fuzz: each wrong value of each field → refused, nothing is stored for the tenant', async () => {
  const promised = await promise();
  const all = await targets(promised);
  const before = await rowsOf(promised.clientId);
  for (const { name, options, body, texts } of all) {
    for (const field of Object.keys(body)) {
      for (const [what, value] of WRONG_VALUES) {
        const isRight = typeof value === 'boolean' && typeof body[field] === 'boolean';
        if (isRight || (texts?.includes(field) && typeof value === 'string')) continue;
        assertCoded(await call(name, { ...body, [field]: value }, options), `${name}.${field} = ${what}`);
      }
    }
  }
  assert.deepEqual(await rowsOf(promised.clientId), before);
});

Deno.test('fuzz: unknown ids → refused, nothing is stored for the tenant', async () => {
  const promised = await promise();
  const all = await targets(promised);
  const before = await rowsOf(promised.clientId);
  for (const { name, options, body } of all) {
    for (const field of Object.keys(body).filter((field) => /Id$/.test(field))) {
      if (name === 'start-call-session') continue; // a campaign that names nothing narrows the search to nothing
      for (const id of [crypto.randomUUID(), '00000000-0000-0000-0000-000000000000']) {
        assertCoded(await call(name, { ...body, [field]: id }, options), `${name}.${field} = ${id}`);
      }
    }
  }
  assert.deepEqual(await rowsOf(promised.clientId), before);
});

// Strange, but each may be what a brand calls a code.
const PRINTABLE = ['../../etc/passwd', '{{code}}', `'; drop table recipients; --`];

Deno.test('fuzz: an upload of hostile cells → none stored, none repeated', async () => {
  const { poolId, brandId } = await promise({ cards: 0 });
  await sql`update public.gift_card_brands set code_format = null where id = ${brandId}`;
  // What CSV cannot carry at all is refused with the whole file: see the upload's own tests.
  const hostile = WRONG_VALUES.map(([, value]) => value)
    .filter((value): value is string => typeof value === 'string' && value.isWellFormed() && !value.includes('\0'))
    .filter((value) => value.length < 1000 && !PRINTABLE.includes(value));
  const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const csv = `code,pin\n${hostile.map((cell) => `${quoted(cell)},${quoted(cell)}`).join('\n')}\n`;
  const answer = await call('upload-gift-cards', csv, { query: `?poolId=${poolId}`, type: 'text/csv' });
  const { rows } = assertRefused(answer, 'GC-012');
  assert.deepEqual(rows.map(({ status }: { status: string }) => status), hostile.map(() => 'rejected'), answer.text);
  for (const cell of hostile) assert.ok(!answer.text.includes(cell), cell);
  const [{ cards }] = await sql`select count(*) as cards from public.gift_cards where pool_id = ${poolId}`;
  assert.equal(cards, 0);
});

Deno.test('fuzz: unsigned calls to the webhooks of Twilio and SendGrid → refused', async () => {
  const bodies = ['', 'MessageSid=SM1&MessageStatus=delivered', '{}', '[]', '%', 'a'.repeat(60_000), '\0'];
  for (const name of ['twilio-status', 'twilio-inbound', 'sendgrid-events']) {
    for (const body of bodies) {
      for (const type of [null, 'application/x-www-form-urlencoded', 'application/json']) {
        for (const query of ['', '?attempt=1', `?attempt=${crypto.randomUUID()}`, `?attempt=%00'`]) {
          assertUnsigned(await call(name, body, { key: null, type, query }));
        }
      }
    }
    assertRefused(await call(name, 'a'.repeat(10 * MEGABYTE), { key: null }), 'RB-413');
    assertRefused(await call(name, undefined, { key: null, method: 'GET' }), 'RB-405');
  }
});

Deno.test('fuzz: unsigned calls to crm-webhook → refused', async () => {
  const { endpointId } = await connect(await promise());
  const bodies = ['', '{"event_type":"visit"}', '[]', 'a'.repeat(60_000), '\0', deep(5000)];
  for (const body of bodies) {
    for (const path of ['', `/${endpointId}`, '/%00', "/'", `/${crypto.randomUUID()}?x=%00`]) {
      assertUnsigned(await call(`crm-webhook${path}`, body, { key: null }));
    }
  }
  assertRefused(await call(`crm-webhook/${endpointId}`, 'a'.repeat(10 * MEGABYTE), { key: null }), 'RB-413');
  assertRefused(await call(`crm-webhook/${endpointId}`, undefined, { key: null, method: 'GET' }), 'RB-405');
});

Deno.test('fuzz: signed by a CRM but no event → refused, nothing is stored', async () => {
  const promised = await promise();
  for (const kind of kinds) {
    const crm = await connect(promised, kind);
    for (const [what, body] of NOT_BODIES) {
      // An object without a word in it is an event that says nothing, for a CRM whose id stands in a header.
      if (typeof body !== 'string' || (kind === 'standard' && body.startsWith('{'))) continue;
      if (kind === 'hubspot' && what === 'an array') continue; // a batch without events
      if (body.length > 256 * 1024) continue; // too large before anything else
      const answer = await crm.send(body);
      // HighLevel's timestamp is in the body, so a body without one has no known age.
      if (kind === 'gohighlevel') assertUnsigned(answer);
      else assertRefused(answer, 'GC-012');
    }
    const [{ events }] = await sql`
      select count(*) as events from public.crm_events where endpoint_id = ${crm.endpointId}`;
    assert.equal(events, 0);
  }
});
