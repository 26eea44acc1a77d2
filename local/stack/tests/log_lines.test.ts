import assert from 'node:assert/strict';
import { logPrinter, secretValues } from '../log_lines.mjs';

const clock = () => new Date(2026, 0, 1, 9, 5, 7, 42);
const origin = { level: 'info', source: 'gateway' };
const secrets = {
  databasePassword: 'database-password',
  secretKey: 'sb_secret_0123456789',
  publishableKey: 'sb_publishable_0123456789',
  cardSealKeys: 'local1:c2VhbC1rZXktb2YtMzItYnl0ZXM=',
  signingKey: { d: 'private-part-of-the-key', kid: 'identifier-of-the-key' },
  sendgridWebhookKeys: { private: 'private-webhook-key', public: 'public-webhook-key' },
};
const print = logPrinter({ secrets, clock });

Deno.test('logPrinter: a structured line → time, level, function, message, key=value', () => {
  const line = JSON.stringify({
    level: 'error',
    function: 'redeem-voucher',
    message: '[VOUCHER] Failed',
    requestId: 'r-1',
    status: 409,
    error: 'Voucher is "used"',
    fields: [{ field: 'code' }],
    reason: '',
  });
  assert.equal(
    print(line, origin),
    '09:05:07.042 error redeem-voucher  [VOUCHER] Failed requestId=r-1 status=409 error="Voucher is \\"used\\"" ' +
      'fields=[{"field":"code"}] reason=""',
  );
});

Deno.test('logPrinter: a cause → its message as a field, its stack below the line', () => {
  const cause = {
    name: 'Error',
    message: 'outer',
    stack: 'Error: outer\n    at one\n    at two',
    cause: { thrown: 'x' },
  };
  assert.equal(
    print(JSON.stringify({ level: 'error', function: 'jobs', message: '[JOBS] Failed', cause }), origin),
    '09:05:07.042 error jobs  [JOBS] Failed cause="Error: outer"\n    at one\n    at two\n    caused by x',
  );
});

Deno.test('logPrinter: text of the stack itself → time, level and process; an indented line → unchanged', () => {
  assert.equal(
    print('[gateway] Error: x', { level: 'error', source: 'gateway' }),
    '09:05:07.042 error gateway  Error: x',
  );
  assert.equal(print('{ not json', origin), '09:05:07.042 info  gateway  { not json');
  assert.equal(print('    at answer (gateway.ts:1)', origin), '    at answer (gateway.ts:1)');
});

Deno.test('logPrinter: a refusal of the REST API → info; another error of the database → error', () => {
  const level = (line: string) => print(line, { level: 'error', source: 'gateway' })!.split(' ')[1];
  assert.equal(level('[rest] RB404 Not found'), 'info');
  assert.equal(level('[rest] GC006 Insufficient credits'), 'info');
  for (
    const line of ['[rest] XX000 internal', '[rest] 42501 permission denied', '[rest] RB500 Unknown error', 'GC006 x']
  ) {
    assert.equal(level(line), 'error', line);
  }
});

Deno.test('logPrinter: a round without work → left out; one with work or a failure → printed', () => {
  const round = (fields: object) =>
    print(JSON.stringify({ message: '[JOBS] Round', job: 'expire', ...fields }), origin);
  assert.equal(round({ idle: true }), null);
  assert.match(round({ idle: false, expired: 2 })!, /expired=2/);
});

Deno.test('logPrinter: a control character in a value → escaped, so that it writes no line of its own', () => {
  const printed = print(JSON.stringify({ message: '[X] \u001b[31m', note: 'a\nb', tag: 'c\u001b' }), origin)!;
  assert.ok([...printed].every((character) => character >= ' '), printed);
});

Deno.test('logPrinter: a secret of the stack, wherever it stands → masked, in both forms', () => {
  const leaks = ['databasePassword', 'secretKey', 'cardSealKeys'].map((name) => secrets[name as keyof typeof secrets]);
  const line = JSON.stringify({
    message: `[X] postgres://postgres:${secrets.databasePassword}@127.0.0.1`,
    nested: { leaks, key: 'c2VhbC1rZXktb2YtMzItYnl0ZXM=', d: secrets.signingKey.d },
    webhook: secrets.sendgridWebhookKeys.private,
  });
  for (const json of [false, true]) {
    const printed = logPrinter({ secrets, json, clock })(line, origin)!;
    for (const value of [...leaks, 'c2VhbC1rZXktb2YtMzItYnl0ZXM=', 'private-part-of-the-key', 'private-webhook-key']) {
      assert.ok(!printed.includes(value as string), `${json}: ${value}`);
    }
  }
});

Deno.test('secretValues: public keys and key ids → not secret; keys of .env → secret', () => {
  const values = secretValues(secrets, { TILLO_API_KEY: 'key-of-a-supplier', SUPPORT_EMAIL: 'help@shop.example' });
  assert.ok(values.includes('key-of-a-supplier'));
  for (
    const value of ['sb_publishable_0123456789', 'identifier-of-the-key', 'public-webhook-key', 'help@shop.example']
  ) {
    assert.ok(!values.includes(value), value);
  }
});
