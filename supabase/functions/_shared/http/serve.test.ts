import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { z } from 'zod';
import { badRequest, databaseError, Refusal } from './errors.ts';
import type { Contract } from './contract.ts';
import { type Context, type Handler as HandlerOf, serve } from './serve.ts';

const USER = '00000000-0000-4000-8000-00000000000a';
const { publicKey, privateKey } = await generateKeyPair('ES256');
const jwks = { keys: [{ ...await exportJWK(publicKey), kid: 'k', alg: 'ES256' }] };

Deno.env.set('SUPABASE_URL', 'http://127.0.0.1:1');
Deno.env.set('SUPABASE_PUBLISHABLE_KEYS', '{"default":"sb_publishable_1"}');
Deno.env.set('SUPABASE_SECRET_KEYS', '{"default":"sb_secret_1","jobs":"sb_secret_2"}');
Deno.env.set('SUPABASE_JWKS', JSON.stringify(jwks));

const token = (expires: string, claims: Record<string, unknown> = { sub: USER }) =>
  new SignJWT({ role: 'authenticated', ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setExpirationTime(expires).sign(privateKey);
const bearer = (value: string) => ({ authorization: `Bearer ${value}` });

type Handler = HandlerOf<Contract<null, z.ZodType<Record<string, unknown>>, string>>;

const CONTRACT: Contract = {
  name: 'test',
  summary: '',
  auth: 'none',
  tag: 'TEST',
  request: null,
  answer: z.record(z.string(), z.unknown()),
  file: 'text/csv',
  codes: [],
  example: { request: null, answer: null },
};

async function call(
  options: Partial<Contract>,
  headers: Record<string, string> = {},
  handler: Handler = () => Promise.resolve({}),
  method = 'POST',
) {
  const contract = { ...CONTRACT, ...options } as Contract<null, z.ZodType<Record<string, unknown>>, string>;
  const fetch = serve(contract, handler);
  const response = await fetch(new Request('http://localhost/', { method, headers }));
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null, text };
}

/** Runs a test with the log kept from the console, and hands it over. */
async function logged(test: () => Promise<unknown>): Promise<string> {
  const { info, error } = console;
  let lines = '';
  console.info = console.error = (line: string) => void (lines += `${line}\n`);
  try {
    await test();
  } finally {
    Object.assign(console, { info, error });
  }
  return lines;
}

/** The caller that a handler gets for these headers, or the code if it does not run. */
async function contextOf(headers: Record<string, string>, options: Partial<Contract> = {}) {
  let seen: Partial<Context> = {};
  const answer = await call(options, headers, (_body, context) => {
    seen = context;
    return Promise.resolve({});
  });
  return { ...seen, code: answer.body.error?.code };
}

Deno.test('serve: a resource → with requestId in body and header', async () => {
  const { status, headers, body } = await call({}, {}, () => Promise.resolve({ id: 7 }));
  assert.equal(status, 200);
  const requestId = headers.get('x-request-id') ?? '';
  assert.deepEqual(body, { id: 7, requestId });
  assert.match(requestId, /^[0-9a-f-]{36}$/);
});

Deno.test("serve: a handler's own Response → returned", async () => {
  const { status, headers } = await call({}, {}, () => Promise.resolve(new Response(null, { status: 204 })));
  assert.equal(status, 204);
  assert.ok(headers.get('x-request-id'));
});

Deno.test('serve: a refusal → its status and the error shape', async () => {
  await logged(async () => {
    const { status, headers, body } = await call(
      {},
      {},
      () => Promise.reject(new Refusal('RB-429', { retryAfter: 9 })),
    );
    assert.deepEqual([status, headers.get('retry-after')], [429, '9']);
    const { code, message, solution, requestId, retryAfter } = body.error;
    assert.deepEqual([code, message, retryAfter], ['RB-429', 'Too many attempts', 9]);
    assert.ok(solution && requestId === headers.get('x-request-id'));
  });
});

for (
  const [family, unknown, database, bad] of [['GC', 'GC-015', 'GC-013', 'GC-012'], [
    undefined,
    'RB-500',
    'RB-502',
    'RB-400',
  ]] as const
) {
  Deno.test(`serve: an unexpected error in the family ${family ?? 'RB'} → ${unknown}, with the detail in the log only`, async () => {
    let text = '';
    const log = await logged(async () => {
      const answer = await call({ family }, {}, () => Promise.reject(new TypeError('inner detail')));
      assert.deepEqual([answer.status, answer.body.error.code], [500, unknown]);
      text = answer.text;
    });
    assert.doesNotMatch(text, /inner detail|serve\.test/);
    assert.match(log, /^{"message":"\[TEST\] Failed".*inner detail/);
  });

  Deno.test(`serve: a database error in the family ${family ?? 'RB'} → ${database}, with the detail in the log only`, async () => {
    const log = await logged(async () => {
      const answer = await call({ family }, {}, () => Promise.reject(databaseError(new Error('inner detail'))));
      assert.deepEqual([answer.status >= 500, answer.body.error.code], [true, database]);
      assert.doesNotMatch(answer.text, /inner detail/);
    });
    assert.match(log, /inner detail/);
  });

  Deno.test(`serve: a bad request in the family ${family ?? 'RB'} → ${bad} with its fields`, async () => {
    await logged(async () => {
      const fields = [{ field: 'code', problem: 'is required' }];
      const answer = await call({ family }, {}, () => Promise.reject(badRequest(...fields)));
      assert.deepEqual([answer.status, answer.body.error.code, answer.body.error.fields], [400, bad, fields]);
    });
  });
}

Deno.test('serve: other methods → RB-405; preflight → for functions that browsers call only', async () => {
  await logged(async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await call({}, {}, undefined, method);
      assert.deepEqual([status, headers.get('allow')], [405, 'POST'], method);
      assert.equal(headers.get('access-control-allow-origin'), null);
    }
  });
  const { status, headers } = await call({ auth: 'user' }, {}, undefined, 'OPTIONS');
  assert.equal(status, 204);
  for (const name of ['authorization', 'apikey', 'content-type', 'x-client-info', 'idempotency-key']) {
    assert.ok(headers.get('access-control-allow-headers')!.includes(name), name);
  }
});

Deno.test('serve: a refusal to a browser → with CORS headers', async () => {
  await logged(async () => {
    const { status, headers } = await call({ auth: 'user' });
    assert.deepEqual([status, headers.get('access-control-allow-origin')], [401, '*']);
    assert.match(headers.get('access-control-expose-headers')!, /x-request-id.*retry-after/);
  });
});

Deno.test('serve: a valid token → its user as actor; a key → none', async () => {
  const auth: Contract['auth'] = ['user', 'secret'];
  assert.equal((await contextOf(bearer(await token('5m')), { auth })).actor, USER);
  assert.equal((await contextOf({ apikey: 'sb_secret_1' }, { auth })).actor, null);
  assert.equal((await contextOf({ apikey: 'sb_secret_1', ...bearer('sb_secret_1') }, { auth })).actor, null);
});

Deno.test('serve: a token whose sub is no UUID → RB-401, with every mode that takes users', async () => {
  await logged(async () => {
    for (const auth of ['user', ['user', 'secret']] as Contract['auth'][]) {
      for (const sub of ['agent-7', '', `${USER} `, `{${USER}}`, undefined, 7, null]) {
        const seen = await contextOf({ ...bearer(await token('1h', { sub })), apikey: 'sb_secret_1' }, { auth });
        assert.deepEqual([seen.code, seen.actor], ['RB-401', undefined], `sub ${JSON.stringify(sub)}`);
      }
    }
  });
});

Deno.test('serve: a bad token beside a good key → RB-401', async () => {
  await logged(async () => {
    const auth: Contract['auth'] = ['user', 'secret'];
    const [head, claims, signature] = (await token('5m')).split('.');
    const unsigned = `${btoa('{"alg":"none","kid":"k"}').replace(/=+$/, '')}.${claims}.`;
    const bad = [await token('-5m'), 'garbage', `${head}.${claims}.${signature.slice(2)}AA`, unsigned];
    for (const value of bad) {
      const { code } = await contextOf({ apikey: 'sb_secret_1', ...bearer(value) }, { auth });
      assert.equal(code, 'RB-401', value);
    }
  });
});

const KEYS: [Contract['auth'], string, string | undefined][] = [
  ['publishable', 'sb_publishable_1', undefined],
  ['publishable', 'sb_secret_1', 'RB-401'],
  ['secret', 'sb_publishable_1', 'RB-401'],
  ['secret', 'sb_secret_2', 'RB-401'],
  ['secret:jobs', 'sb_secret_2', undefined],
  ['secret:jobs', 'sb_secret_1', 'RB-401'],
  ['user', 'sb_secret_1', 'RB-401'],
  [['user', 'secret'], 'sb_secret_', 'RB-401'],
];

for (const [auth, apikey, code] of KEYS) {
  Deno.test(`serve: ${auth}, the key ${apikey} → ${code ?? 'the resource'}`, async () => {
    await logged(async () => assert.equal((await contextOf({ apikey }, { auth })).code, code));
  });
}

const TOKEN = { header: 'x-own-token', secret: 'OWN_TOKEN' };
const [NEW, OLD, SHORT] = ['n'.repeat(43), 'o'.repeat(32), 's'.repeat(31)];

for (
  const [title, set, given, code] of [
    ['the token', NEW, NEW, undefined],
    ['the old one of two', `${NEW}, ${OLD}`, OLD, undefined],
    ['another one', NEW, OLD, 'RB-401'],
    ['its beginning', NEW, NEW.slice(1), 'RB-401'],
    ['an empty one', NEW, '', 'RB-401'],
    ['one that is too short to be a secret', SHORT, SHORT, 'RB-401'],
    ['a token where none is set', '', NEW, 'RB-503'],
  ] as [string, string, string, string | undefined][]
) {
  Deno.test(`serve: a function with a token of its own, given ${title} → ${code ?? 'the resource'}`, async () => {
    await logged(async () => {
      Deno.env.set('OWN_TOKEN', set);
      const options: Partial<Contract> = { auth: 'secret:jobs', token: TOKEN };
      for (const besides of [{}, { apikey: 'sb_secret_2' }, bearer('sb_secret_2')] as Record<string, string>[]) {
        assert.equal((await contextOf({ ...besides, 'x-own-token': given }, options)).code, code);
      }
      assert.equal((await contextOf({ apikey: 'sb_secret_2' }, options)).code, undefined);
      const other = await contextOf({ 'x-own-token': given }, { auth: 'secret:jobs' });
      assert.equal(other.code, 'RB-401', 'a function without one does not read it');
      Deno.env.delete('OWN_TOKEN');
    });
  });
}

Deno.test('serve: a missing secret → named before the handler runs', async () => {
  await logged(async () => {
    const answer = await call({ secrets: ['NO_SUCH_SECRET'] }, {}, () => assert.fail('the handler ran'));
    assert.deepEqual([answer.status, answer.body.error.missing], [503, 'NO_SUCH_SECRET']);
    const keys = await call({ auth: 'secret:nobody' }, { apikey: 'sb_secret_1' });
    assert.deepEqual([keys.status, keys.body.error.missing], [503, 'SUPABASE_SECRET_KEYS']);
  });
});

Deno.test('serve: the secrets of SMS are missing → the log line that operators search for', async () => {
  Deno.env.delete('TWILIO_AUTH_TOKEN');
  const log = await logged(async () => {
    await call({ secrets: ['TWILIO_AUTH_TOKEN'] }, {}, () => assert.fail('the handler ran'));
  });
  assert.match(log, /"message":"SMS service not configured"/);
});

Deno.test('serve: x-forwarded-for → the address counted from the right', async () => {
  const forwarded = { 'x-forwarded-for': '6.6.6.6, 1.2.3.4,10.0.0.1' };
  assert.equal((await contextOf(forwarded)).ip, '10.0.0.1');
  Deno.env.set('TRUSTED_PROXY_HOPS', '2');
  assert.equal((await contextOf(forwarded)).ip, '1.2.3.4');
  assert.equal((await contextOf({ 'x-forwarded-for': '6.6.6.6' })).ip, 'unknown');
  Deno.env.delete('TRUSTED_PROXY_HOPS');
  assert.equal((await contextOf({})).ip, 'unknown');
  assert.equal((await contextOf({ 'x-forwarded-for': "' or 1=1" })).ip, 'unknown');
  assert.equal((await contextOf({ 'x-forwarded-for': '2001:db8::1' })).ip, '2001:db8::1');
  for (const written of ['1.2.3.4:5678', '[2001:db8::1]:443', '[2001:db8::1]', 'fe80::1%eth0', '::ffff:1.2.3.4']) {
    assert.equal((await contextOf({ 'x-forwarded-for': written })).ip, written);
  }
  assert.equal((await contextOf({ 'x-forwarded-for': '[2001:db8::1' })).ip, 'unknown');
});

Deno.test('serve: forged addresses → the one of CLIENT_IP_HEADER, and without it no forged header is believed', async () => {
  const forged = {
    'x-forwarded-for': '6.6.6.6, 7.7.7.7',
    'x-real-ip': '6.6.6.6',
    'true-client-ip': '6.6.6.6',
    'forwarded': 'for=6.6.6.6',
  };
  assert.equal((await contextOf({ ...forged, 'cf-connecting-ip': '6.6.6.6' })).ip, '7.7.7.7');
  Deno.env.set('CLIENT_IP_HEADER', 'cf-connecting-ip');
  try {
    assert.equal((await contextOf({ ...forged, 'cf-connecting-ip': '203.0.113.9' })).ip, '203.0.113.9');
    assert.equal((await contextOf({ ...forged, 'cf-connecting-ip': '2001:db8::1' })).ip, '2001:db8::1');
    // past the proxy, or a header that came twice
    assert.equal((await contextOf(forged)).ip, 'unknown');
    assert.equal((await contextOf({ ...forged, 'cf-connecting-ip': '6.6.6.6, 203.0.113.9' })).ip, 'unknown');
  } finally {
    Deno.env.delete('CLIENT_IP_HEADER');
  }
});

const foreign = await generateKeyPair('ES256');
const foreignToken = (claims: Record<string, unknown>, kid = 'gateway') =>
  new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).setExpirationTime('5m').sign(foreign.privateKey);
const elsewhere = { iss: 'https://gateway.example', sub: USER, role: 'authenticated' };

Deno.test('serve: a secret key beside a token that a gateway put there → the key counts', async () => {
  const injected = [
    await foreignToken({ role: 'service_role' }),
    await foreignToken({ role: 'anon', iss: 'supabase' }),
    await foreignToken(elsewhere),
    await foreignToken({ iss: 'https://accounts.example', sub: '117', email: 'service@example.com' }),
  ];
  for (const auth of [['user', 'secret'], 'secret'] as Contract['auth'][]) {
    for (const value of injected) {
      const seen = await contextOf({ apikey: 'sb_secret_1', ...bearer(value) }, { auth });
      assert.deepEqual([seen.code, seen.actor], [undefined, null], String(auth));
    }
    const seen = await contextOf({
      apikey: 'sb_secret_1',
      ...bearer(await token('5m', { sub: USER, iss: 'https://own.example' })),
    }, {
      auth,
    });
    assert.deepEqual([seen.code, seen.actor], [undefined, auth === 'secret' ? null : USER], `${auth}: a user of ours`);
  }
});

Deno.test('serve: a token that a gateway put there beside a wrong key, or none → RB-401', async () => {
  await logged(async () => {
    const value = await foreignToken(elsewhere);
    const ours = await foreignToken({ ...elsewhere, iss: 'http://127.0.0.1:1/auth/v1' });
    const forged = await foreignToken(elsewhere, 'k');
    const auth: Contract['auth'] = ['user', 'secret'];
    for (
      const headers of [
        { apikey: 'sb_secret_x', ...bearer(value) },
        { apikey: 'sb_publishable_1', ...bearer(value) },
        bearer(value),
        // these claim to be ours, so they are bad tokens of users
        { apikey: 'sb_secret_1', ...bearer(ours) },
        { apikey: 'sb_secret_1', ...bearer(forged) },
      ]
    ) assert.equal((await contextOf(headers, { auth })).code, 'RB-401');
    const user = await contextOf({ apikey: 'sb_secret_1', ...bearer(value) }, { auth: 'user' });
    assert.equal(user.code, 'RB-401');
  });
});

Deno.test('serve: an idempotency key that is not 1 to 255 visible ASCII characters → refused', async () => {
  await logged(async () => {
    const withKey = (key: string) => contextOf({ 'idempotency-key': key });
    assert.equal((await contextOf({})).idempotencyKey, null);
    assert.equal((await withKey('k'.repeat(255))).idempotencyKey, 'k'.repeat(255));
    for (const key of ['', 'k'.repeat(256), 'a b', 'caf\u00e9']) assert.equal((await withKey(key)).code, 'RB-400', key);
  });
});

Deno.test('serve: the database is unreachable → RB-502', async () => {
  await logged(async () => {
    const { status, body } = await call(
      {},
      {},
      async (_body, context) => (await context.rpc('run_housekeeping', {})).result,
    );
    assert.deepEqual([status, body.error.code], [502, 'RB-502']);
  });
});
