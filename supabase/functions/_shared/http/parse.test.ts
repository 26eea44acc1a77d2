import assert from 'node:assert/strict';
import { z } from 'zod';
import { type FieldProblem, Refusal } from './errors.ts';
import { amount, conditionNumber, email, text, uuid } from './fields.ts';
import { mediaType, readBytes, readJson, requestHash, requestOf } from './parse.ts';
import { addressFor, contactFor, phone } from './phone.ts';

const schema = z.object({ name: text(10), age: z.number().optional() });

function post(body: BodyInit | null, contentType = 'application/json'): Request {
  return new Request('http://localhost/', { method: 'POST', body, headers: { 'content-type': contentType } });
}

async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const error = await promise.then(() => assert.fail('nothing was refused'), (thrown) => thrown);
  assert.ok(error instanceof Refusal, String(error));
  return error;
}

/** A body of the given size that says nothing about its length. */
function streamOf(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(left, 65_536)).fill(97));
      left -= 65_536;
    },
  });
}

Deno.test('readJson: a valid body → its fields', async () => {
  assert.deepEqual(await readJson(post('{"name":" Ann ","colour":"red"}'), schema), { name: 'Ann' });
});

Deno.test('readJson: no body → an empty object, with any media type', async () => {
  const request = new Request('http://localhost/', { method: 'POST' });
  assert.deepEqual(await readJson(request, z.strictObject({ name: z.string().nullish() })), {});
});

Deno.test('readJson: unknown fields → refused by name, with the nearest known one', async () => {
  const strict = z.strictObject({
    firstName: z.string(),
    recipientId: z.string().optional(),
    phone: z.string().optional(),
  });
  const { details } = await refusalOf(readJson(post('{"first_name":"Ann","receipientId":"1","colour":"red"}'), strict));
  assert.deepEqual(details.fields, [
    { field: 'firstName', problem: 'is required' },
    { field: 'first_name', problem: 'is not known; did you mean "firstName"?' },
    { field: 'receipientId', problem: 'is not known; did you mean "recipientId"?' },
    { field: 'colour', problem: 'is not known' },
  ]);
});

Deno.test('readJson: a field that is wrong in two ways → named once', async () => {
  const twice = z.object({ name: z.string().min(3, 'is short').regex(/^[a-z]+$/, 'has other signs') });
  const { details } = await refusalOf(readJson(post('{"name":"1"}'), twice));
  assert.deepEqual(details.fields, [{ field: 'name', problem: 'is short' }]);
});

Deno.test('readJson: a charset or a byte order mark → accepted', async () => {
  const request = post('\ufeff{"name":"Ann"}', 'Application/JSON; charset=utf-8');
  assert.deepEqual(await readJson(request, schema), { name: 'Ann' });
});

const BAD_BODIES: [string, BodyInit | null, FieldProblem][] = [
  ['empty', null, { field: 'name', problem: 'is required' }],
  ['not JSON', 'name=Ann', { field: 'body', problem: 'is not JSON' }],
  ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), { field: 'body', problem: 'is not JSON' }],
  ['a list', '[]', { field: 'body', problem: 'Invalid input: expected object, received array' }],
  ['null', 'null', { field: 'body', problem: 'Invalid input: expected object, received null' }],
  ['without a field', '{}', { field: 'name', problem: 'is required' }],
  ['with a wrong type', '{"name":7}', { field: 'name', problem: 'Invalid input: expected string, received number' }],
  ['with blanks only', '{"name":"  "}', { field: 'name', problem: 'must not be empty' }],
  ['with a long text', '{"name":"abcdefghijk"}', { field: 'name', problem: 'must have at most 10 characters' }],
  ['with a null byte', '{"name":"a\\u0000b"}', { field: 'name', problem: 'has characters that are not allowed' }],
  ['with a line break', '{"name":"a\\nb"}', { field: 'name', problem: 'has characters that are not allowed' }],
  ['with half a surrogate', '{"name":"a\\ud800"}', { field: 'name', problem: 'has characters that are not allowed' }],
];

for (const [what, body, problem] of BAD_BODIES) {
  Deno.test(`readJson: a body that is ${what} → refused with field and problem`, async () => {
    const refusal = await refusalOf(readJson(post(body), schema));
    assert.equal(refusal.code, 'RB-400');
    assert.deepEqual(refusal.details.fields, [problem]);
  });
}

Deno.test('readJson: an emoji → accepted as text', async () => {
  assert.deepEqual(await readJson(post('{"name":"Ann 🎁"}'), schema), { name: 'Ann 🎁' });
});

Deno.test('readJson: a refusal → does not repeat the value', async () => {
  const refusal = await refusalOf(readJson(post('{"name": AMZN-1234-5678}'), schema));
  assert.doesNotMatch(JSON.stringify(refusal.body('id')) + refusal.cause, /AMZN/);
});

Deno.test('readJson: another content type → refused', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
    assert.equal((await refusalOf(readJson(post('{"name":"Ann"}', type), schema))).code, 'RB-415');
  }
});

Deno.test('readJson: the deepest nesting that fits a body → refused, no stack overflow', async () => {
  assert.equal((await refusalOf(readJson(post('['.repeat(1_000_000)), schema))).code, 'RB-400');
});

Deno.test('readBytes: a wrong content-length → stops at the limit', async () => {
  const request = new Request('http://localhost/', {
    method: 'POST',
    body: streamOf(10_000_000),
    headers: { 'content-length': '2' },
  });
  const refusal = await refusalOf(readBytes(request, 1000));
  assert.deepEqual([refusal.code, refusal.details], ['RB-413', { maxBytes: 1000 }]);
});

Deno.test('readBytes: a body of exactly the limit → read', async () => {
  const request = new Request('http://localhost/', { method: 'POST', body: streamOf(70_000) });
  assert.equal((await readBytes(request, 131_072)).length, 70_000);
  assert.equal((await readBytes(post('x'.repeat(100)), 100)).length, 100);
});

Deno.test('mediaType: parameters and case → ignored', () => {
  assert.equal(mediaType(post('', 'Text/CSV; charset=utf-8')), 'text/csv');
});

Deno.test('requestHash: another order of fields → the same hash; any other change → another', () => {
  const hash = requestHash('f', { a: 1, b: { c: [1, 2], d: null } });
  assert.equal(requestHash('f', { b: { d: null, c: [1, 2] }, a: 1 }), hash);
  assert.notEqual(requestHash('g', { a: 1, b: { c: [1, 2], d: null } }), hash);
  assert.notEqual(requestHash('f', { a: 1, b: { c: [2, 1], d: null } }), hash);
  assert.notEqual(requestHash('f', { a: 1 }), hash);
  assert.match(hash, /^[0-9a-f]{64}$/);
});

const FIELDS: [string, z.ZodType, [unknown, unknown][], unknown[]][] = [
  [
    'amount',
    amount,
    [[25, 25], ['25', 25], ['25.00', 25], [0.01, 0.01], [0.29, 0.29], [100000, 100000], [' 7.5 ', 7.5]],
    [0, -1, 100000.01, 1.005, '1e3', '0x10', '', 'NaN', '1,000', '25.001', 1e21, true, null, {}, '٢٥'],
  ],
  ['conditionNumber', conditionNumber, [[1, 1], [1000, 1000]], [0, -1, 1.5, 1001, '1', null, 1e100]],
  [
    'uuid',
    uuid,
    [['00000000-0000-4000-8000-0000000000AB', '00000000-0000-4000-8000-0000000000ab']],
    ['', 'x', "' or 1=1 --", '00000000-0000-4000-8000-0000000000ab\u0000', 7, null],
  ],
  [
    'email',
    email,
    [['Ann@Example.com ', 'ann@example.com'], ['a.b+c@xn--bcher-kva.example', 'a.b+c@xn--bcher-kva.example']],
    ['ann', 'ann@', '@x.com', 'a b@x.com', 'a@x.com\r\nBcc: b@x.com', 'Ann <a@x.com>', `${'a'.repeat(65)}@x.com`]
      .concat([`a@${'x'.repeat(64)}.com`, `a@${'x.'.repeat(130)}com`, 'a@@x.com', '=a@x', '🎁@x.com']),
  ],
  [
    'phone',
    phone,
    [['(415) 555-2671', '+14155552671'], ['+44 20 7183 8750', '+442071838750'], ['1-415-555-2671', '+14155552671']],
    [
      '',
      '555-0100',
      '911',
      '+1',
      'call me',
      '+1415555267100',
      '415\u00005552671',
      "'; drop table recipients; --",
      4155552671,
    ],
  ],
];

for (const [name, field, accepted, refused] of FIELDS) {
  Deno.test(`${name}: valid values → one notation`, () => {
    for (const [given, expected] of accepted) assert.deepEqual(field.parse(given), expected, JSON.stringify(given));
  });
  Deno.test(`${name}: invalid values → refused`, () => {
    for (const given of refused) assert.ok(!field.safeParse(given).success, JSON.stringify(given));
  });
}

Deno.test('addressFor: an address of another kind than its method → refused', () => {
  assert.equal(addressFor('sms', '415 555 2671'), '+14155552671');
  assert.equal(addressFor('email', 'Ann@example.com'), 'ann@example.com');
  assert.equal(addressFor('sms', null), null);
  assert.equal(addressFor(undefined, undefined), null);
  assert.throws(() => addressFor('sms', 'ann@example.com'), Refusal);
  assert.throws(() => addressFor('email', '415 555 2671'), Refusal);
});

Deno.test('addressFor: an address without a method → refused', () => {
  assert.throws(() => addressFor(null, 'ann@example.com'), (error: Refusal) => {
    assert.deepEqual(error.details.fields, [{ field: 'deliveryMethod', problem: 'is required' }]);
    return true;
  });
});

Deno.test('contactFor: both contacts → the one of the method', () => {
  const contacts = { phone: '+14155552671', email: 'ann@example.com' };
  assert.equal(contactFor('sms', contacts), contacts.phone);
  assert.equal(contactFor('email', contacts), contacts.email);
  assert.equal(contactFor('none', contacts), null);
  assert.equal(contactFor('sms', { email: contacts.email }), null);
});

Deno.test('requestOf: with function and body → key and hash, so that a repeated request is known', () => {
  const context = { requestId: 'r', actor: 'a', ip: '192.0.2.1', idempotencyKey: 'k' };
  const { request } = requestOf(context, 'redeem-voucher', { code: 'A' });
  assert.deepEqual(request, {
    id: 'r',
    actor: 'a',
    ip: '192.0.2.1',
    idempotency_key: 'k',
    hash: requestHash('redeem-voucher', { code: 'A' }),
  });
  assert.notEqual(request.hash, requestOf(context, 'redeem-voucher', { code: 'B' }).request.hash);
});

Deno.test('requestOf: context alone → no hash', () => {
  const context = { requestId: 'r', actor: null, ip: 'unknown', idempotencyKey: 'k' };
  assert.deepEqual(requestOf(context), {
    request: { id: 'r', actor: null, ip: 'unknown', idempotency_key: 'k', hash: null },
  });
});
