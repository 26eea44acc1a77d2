/** Each test fails when a patch of local/stack/lite.ts stops working, for one after an update of `@supabase/lite`. */
import assert from 'node:assert/strict';
import { createClient } from '@supabase/supabase-js';
import postgres from 'postgres';

const [apiUrl, publishableKey, secretKey, jobsKey] = ['API_URL', 'PUBLISHABLE_KEY', 'SECRET_KEY', 'JOBS_KEY']
  .map((name) => Deno.env.get(name)!);
const connect = (key: string) =>
  createClient(apiUrl, key, { auth: { persistSession: false, autoRefreshToken: false } });
const server = connect(secretKey);

/** Runs a test with scratch tables and functions, named so that no other test meets them. */
async function withScratch(name: string, ddl: string, test: () => Promise<void>) {
  const sql = postgres(Deno.env.get('DB_URL')!, { max: 1, onnotice() {} });
  const drop = `drop function if exists ${name}_call, ${name}_long; drop table if exists ${name};`;
  try {
    await sql.unsafe(drop + ddl);
    await until(async () => (await server.from(name).select()).error?.code !== 'PGRST205');
    await test();
  } finally {
    await sql.unsafe(drop);
    await sql.end();
  }
}

async function until(isTrue: () => Promise<boolean>) {
  for (let tries = 0; tries < 100; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('It did not become true in two seconds.');
}

async function signUp() {
  const client = connect(publishableKey);
  const email = `${crypto.randomUUID()}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: 'correct horse' });
  assert.equal(error, null);
  return { client, email, user: data.user!, session: data.session! };
}

const claimsOf = (token: string) => JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));

Deno.test('keepRevokes: a table without grants → closed to anon, authenticated and service_role', async () => {
  const ddl = 'create table lite_revoked (id int); alter table lite_revoked enable row level security;';
  await withScratch('lite_revoked', ddl, async () => {
    const { client } = await signUp();
    for (const caller of [connect(publishableKey), client, server]) {
      const { error, status } = await caller.from('lite_revoked').select();
      assert.equal(error?.code, '42501');
      assert.ok(status === 401 || status === 403, `status ${status}`);
    }
  });
});

Deno.test('keepRevokes: a revoked table without row-level security → stays revoked', async () => {
  const ddl =
    'create table lite_plain (id int); grant all on lite_plain to service_role; insert into lite_plain values (1);';
  await withScratch('lite_plain', ddl, async () => {
    assert.equal((await connect(publishableKey).from('lite_plain').select()).error?.code, '42501');
    assert.deepEqual((await server.from('lite_plain').select()).data, [{ id: 1 }]);
  });
});

const raising = `
  create table lite_errors (id int check (id > 0));
  grant all on lite_errors to service_role;
  create function lite_errors_call(state text) returns jsonb language plpgsql as $$
  begin raise exception 'told' using errcode = state, detail = 'why', hint = 'how'; end $$;
  grant execute on function lite_errors_call to service_role;`;

Deno.test('answerErrorsAsPostgrest: a database error → code, details and status as PostgREST', async () => {
  await withScratch('lite_errors', raising, async () => {
    const statuses = { P0001: 400, GC003: 400, PT409: 409, 23514: 400, 40001: 500, 42501: 403, 57014: 500, XX000: 500 };
    for (const [state, expected] of Object.entries(statuses)) {
      const { error, status } = await server.rpc('lite_errors_call', { state });
      assert.deepEqual([status, error?.code, error?.message], [expected, state, 'told']);
      assert.deepEqual([error?.details, error?.hint], ['why', 'how']);
    }
    assert.equal((await server.from('lite_errors').insert({ id: 0 })).error?.code, '23514');
  });
});

const echoing = `
  create table lite_values (id int, amount numeric(18, 2), made_at timestamptz);
  grant all on lite_values to service_role;
  insert into lite_values values (1, 25, '2026-01-31 12:00:00Z');
  create function lite_values_call(body jsonb default '[]', amount numeric default 1.50, who uuid default null, many int default 7)
  returns jsonb language sql as $$
    select jsonb_build_object('type', jsonb_typeof(body), 'size', case jsonb_typeof(body) when 'array' then jsonb_array_length(body) end,
      'body', case when pg_column_size(body) < 1000 then body end, 'amount', amount, 'who', who, 'many', many) $$;
  grant execute on function lite_values_call to service_role;`;

Deno.test('passJsonArguments: a json argument of any type → unchanged', async () => {
  await withScratch('lite_values', echoing, async () => {
    const values = {
      object: { a: [1, 'é😀"\\'] },
      array: [{ a: 1 }, null],
      string: '{"not":"parsed"}',
      number: 5,
      boolean: true,
    };
    for (const [type, body] of Object.entries(values)) {
      const { data } = await server.rpc('lite_values_call', { body });
      assert.deepEqual([data.type, data.body], [type, body]);
    }
    const { data: defaults } = await server.rpc('lite_values_call');
    assert.deepEqual(defaults, { type: 'array', size: 0, body: [], amount: 1.5, who: null, many: 7 });
    const who = crypto.randomUUID();
    const { data: given } = await server.rpc('lite_values_call', { body: null, amount: '25.10', who, many: null });
    assert.deepEqual(given, { type: null, size: null, body: null, amount: 25.1, who, many: null });
  });
});

Deno.test('passJsonArguments: 10,000 elements → one call', async () => {
  await withScratch('lite_values', echoing, async () => {
    const body = Array.from({ length: 10_000 }, (_, row) => ({ row, id: crypto.randomUUID(), code: 'x'.repeat(300) }));
    const { data, error } = await server.rpc('lite_values_call', { body });
    assert.deepEqual([error, data?.size], [null, 10_000]);
  });
});

Deno.test('passJsonArguments: an object for a composite argument → a row', async () => {
  const ddl = `
    create table lite_rows (id uuid, name text, amount numeric(18, 2), body jsonb, on_it boolean);
    create function lite_rows_call(thing lite_rows, many int default 7)
    returns jsonb language sql as $$ select jsonb_build_object('thing', to_jsonb(thing), 'many', many) $$;
    grant execute on function lite_rows_call to service_role;`;
  await withScratch('lite_rows', ddl, async () => {
    const id = crypto.randomUUID();
    const empty = { id: null, name: null, amount: null, body: null, on_it: null };
    const cases: [Record<string, unknown>, Record<string, unknown>][] = [
      [{}, empty],
      [{ name: '' }, { ...empty, name: '' }],
      [{ name: ` "a", (b) \\ 'c' é😀\n`, unknown: 1 }, { ...empty, name: ` "a", (b) \\ 'c' é😀\n` }],
      [{ on_it: false, id, amount: 25.1, name: 'null' }, { ...empty, on_it: false, id, amount: 25.1, name: 'null' }],
      [{ body: { a: [1, '"\\'] } }, { ...empty, body: { a: [1, '"\\'] } }],
    ];
    for (const [thing, expected] of cases) {
      const { data, error } = await server.rpc('lite_rows_call', { thing });
      assert.deepEqual([error, data], [null, { thing: expected, many: 7 }]);
    }
    const { data } = await server.rpc('lite_rows_call', { thing: null, many: 1 });
    assert.deepEqual(data, { thing: null, many: 1 });
    assert.equal((await server.rpc('lite_rows_call', { thing: { id: 'none' } })).error?.code, '22P02');
  });
});

Deno.test('hostedTypes: numerics and timestamps → numbers and ISO 8601', async () => {
  await withScratch('lite_values', echoing, async () => {
    const { data } = await server.from('lite_values').select();
    assert.deepEqual(data, [{ id: 1, amount: 25, made_at: '2026-01-31T12:00:00+00:00' }]);
  });
});

const lookalikes = `
  create table lite_filters (id int, name text, amount numeric, big bigint, on_it boolean, made_at timestamptz, parent int);
  grant all on lite_filters to service_role;
  insert into lite_filters (id, name, amount, big, on_it, made_at) values
    (1, '+12025550141', 1.50, 12345678901234567, true, '2026-01-31 12:00:00Z'), (2, '12345678901234567890', 10, 2, false, null),
    (3, '1.50', null, null, null, null), (4, 'true', null, null, null, null), (5, 'null', null, null, null, null),
    (6, '+44', null, null, null, null), (7, '0012', null, null, null, null), (8, 'a,b', null, null, null, null),
    (9, ' 5', null, null, null, null), (10, '', null, null, null, null);`;

Deno.test('quoteFilters: text that looks like a number or boolean → compared as text', async () => {
  await withScratch('lite_filters', lookalikes, async () => {
    // deno-lint-ignore no-explicit-any
    const idsOf = async (filter: (query: any) => any) => {
      const { data, error } = await filter(server.from('lite_filters').select('id')).order('id');
      assert.equal(error, null, error?.message);
      return data.map(({ id }: { id: number }) => id);
    };
    const names = ['+12025550141', '12345678901234567890', '1.50', 'true', 'null', '+44', '0012', 'a,b', ' 5', ''];
    for (const [n, name] of names.entries()) {
      const others = names.map((_, other) => other + 1).filter((id) => id !== n + 1);
      assert.deepEqual(await idsOf((query) => query.eq('name', name)), [n + 1], `eq ${name}`);
      assert.deepEqual(await idsOf((query) => query.neq('name', name)), others, `neq ${name}`);
      assert.deepEqual(await idsOf((query) => query.not('name', 'eq', name)), others, `not.eq ${name}`);
      assert.deepEqual(
        await idsOf((query) => query.in('name', [name, '+44'])),
        [...new Set([n + 1, 6])].sort((a, b) => a - b),
        `in ${name}`,
      );
      if (name.includes(',') || name.trim() !== name || name === '') continue;
      assert.deepEqual(
        await idsOf((query) => query.or(`name.eq.${name},and(id.eq.6,name.eq.+44)`)),
        [...new Set([n + 1, 6])].sort((a, b) => a - b),
        `or ${name}`,
      );
    }
    assert.deepEqual(await idsOf((query) => query.eq('id', 3)), [3]);
    assert.deepEqual(await idsOf((query) => query.in('id', [3, 4])), [3, 4]);
    assert.deepEqual(await idsOf((query) => query.gte('id', 9)), [9, 10]);
    assert.deepEqual(await idsOf((query) => query.eq('amount', 1.5)), [1]);
    assert.deepEqual(await idsOf((query) => query.eq('big', '12345678901234567')), [1]);
    assert.deepEqual(await idsOf((query) => query.eq('on_it', true)), [1]);
    assert.deepEqual(await idsOf((query) => query.eq('on_it', false)), [2]);
    assert.deepEqual(await idsOf((query) => query.is('on_it', null)), [3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual(await idsOf((query) => query.gt('made_at', '2026-01-31T11:00:00Z')), [1]);
    assert.deepEqual(await idsOf((query) => query.or('on_it.is.true,id.eq.10')), [1, 10]);
    assert.deepEqual(await idsOf((query) => query.like('name', '+%')), [1, 6]);
  });
});

Deno.test('setSessionAtOnce: a call → the function sees user, role and headers', async () => {
  const ddl = `
    create table lite_session ();
    create function lite_session_call() returns jsonb language sql as $$
      select jsonb_build_object('role', current_user, 'uid', auth.uid(), 'claims', auth.jwt() ->> 'role',
        'header', current_setting('request.headers')::jsonb ->> 'x-probe') $$;
    grant execute on function lite_session_call to authenticated, service_role;`;
  await withScratch('lite_session', ddl, async () => {
    const { client, user } = await signUp();
    const { data } = await client.rpc('lite_session_call').setHeader('x-probe', `it's`);
    assert.deepEqual(data, { role: 'authenticated', uid: user.id, claims: 'authenticated', header: `it's` });
    assert.equal((await server.rpc('lite_session_call')).data.role, 'service_role');
    assert.equal((await connect(jobsKey).rpc('lite_session_call')).data.role, 'service_role');
    const calls = await Promise.all(Array.from({ length: 64 }, () => server.rpc('lite_session_call')));
    assert.equal(calls.filter(({ error }) => error === null).length, 64);
  });
});

Deno.test('setSessionAtOnce: a request is cut at the time limit of its role → 57014, or of the function that it calls', async () => {
  const ddl = `
    create table lite_limits ();
    create function lite_limits_call(seconds numeric) returns text language plpgsql as $$
      begin
        perform pg_sleep(seconds);
        return current_setting('statement_timeout');
      end $$;
    create function lite_limits_long(seconds numeric) returns text language plpgsql set statement_timeout = '60s' as $$
      begin
        perform pg_sleep(seconds);
        return current_setting('statement_timeout');
      end $$;
    grant execute on function lite_limits_call, lite_limits_long to anon, authenticated, service_role;`;
  await withScratch('lite_limits', ddl, async () => {
    const { client } = await signUp();
    const anon = connect(publishableKey);
    const limit = async (who: typeof client) => (await who.rpc('lite_limits_call', { seconds: 0 })).data;
    assert.deepEqual([await limit(anon), await limit(client), await limit(server)], ['3s', '8s', '8s']);
    const [cut, hoisted] = await Promise.all([
      anon.rpc('lite_limits_call', { seconds: 3.5 }),
      anon.rpc('lite_limits_long', { seconds: 3.5 }),
    ]);
    assert.deepEqual([cut.status, cut.error?.code], [500, '57014']);
    assert.deepEqual([hoisted.error, hoisted.data], [null, '1min']);
  });
});

Deno.test('forgetSchemaWhenTold: a new column → served without a restart', async () => {
  const ddl = 'create table lite_schema (id int); grant all on lite_schema to service_role;';
  await withScratch('lite_schema', ddl, async () => {
    const sql = postgres(Deno.env.get('DB_URL')!, { max: 1 });
    await sql`alter table lite_schema add column name text`;
    await sql.end();
    await until(async () => (await server.from('lite_schema').insert({ name: 'new' })).error === null);
  });
});

Deno.test('withHostedTokens: a token → app_metadata, which the user cannot set', async () => {
  const { client, email, user } = await signUp();
  await server.auth.admin.updateUserById(user.id, { app_metadata: { role: 'admin' } });
  await client.auth.updateUser({ data: { role: 'forged' } });
  const { data } = await client.auth.signInWithPassword({ email, password: 'correct horse' });
  const claims = claimsOf(data.session!.access_token);
  assert.equal(claims.app_metadata.role, 'admin');
  assert.equal(claims.user_metadata.role, 'forged');
  assert.equal(claims.iss, `${apiUrl}/auth/v1`);
});

Deno.test('withHostedTokens: a token → verifiable with the public keys; a changed one → refused', async () => {
  const { client, session, user } = await signUp();
  const { data } = await client.auth.getClaims(session.access_token);
  assert.equal(data?.claims.sub, user.id);
  assert.equal(data?.header.alg, 'ES256');
  const [header, payload, signature] = session.access_token.split('.');
  const forged = [header, payload, signature.split('').reverse().join('')].join('.');
  const headers = { apikey: publishableKey, authorization: `Bearer ${forged}` };
  const response = await fetch(`${apiUrl}/rest/v1/`, { headers });
  await response.body?.cancel();
  assert.equal(response.status, 401);
});

Deno.test('authAdmin: create, list, ban, delete → with a secret key; a publishable key → refused', async () => {
  const email = `${crypto.randomUUID()}@example.com`;
  const { data } = await server.auth.admin.createUser({ email, password: 'correct horse', email_confirm: true });
  const id = data.user!.id;
  assert.equal((await server.auth.admin.createUser({ email })).error?.code, 'email_exists');
  assert.equal(
    (await connect(publishableKey).auth.signInWithPassword({ email, password: 'correct horse' })).error,
    null,
  );
  const { data: listed } = await server.auth.admin.listUsers({ page: 1, perPage: 1000 });
  assert.ok(listed.users.some((user) => user.id === id));
  assert.equal((await connect(publishableKey).auth.admin.getUserById(id)).error?.code, 'not_admin');
  assert.equal((await server.auth.admin.updateUserById(id, { ban_duration: '1h' })).error, null);
  assert.equal((await server.auth.admin.deleteUser(id)).error, null);
  assert.equal((await server.auth.admin.getUserById(id)).error?.code, 'user_not_found');
});
