/** `@supabase/lite` (REST and Auth on Postgres) wired up as hosted Supabase behaves; every patch to it stands here. */
import { App } from '@supabase/lite';
import { createPostgresConnection } from '@supabase/lite/postgres';
import { importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { type Kysely, sql as fragment } from 'kysely';
import postgres, { type Sql } from 'postgres';
import { quoteFilters } from './rest_filters.ts';
import { TimeLimits } from './rest_timeouts.ts';

/** The keys that lite and the functions need; all generated. */
export interface Keys {
  publishableKey: string;
  secretKey: string;
  jobsKey: string;
  innerTokenSecret: string;
  signingKey: JWK;
}

/** What a stack wants of lite. */
export interface LiteOptions {
  databaseUrl: string;
  issuer: string;
  keys: Keys;
  studio: boolean;
}

/** REST and Auth behind one fetch function, and the pool they use. */
export interface Lite {
  fetch(request: Request, peer: string): Promise<Response>;
  sql: Sql;
}

type Json = Record<string, unknown>;
type DatabaseError = Json & { code?: string; message?: string; detail?: string; hint?: string; severity?: string };

type Call = { type: string; function?: string; schema?: string; httpMethod?: string; args?: unknown };
type Routine = { schema: string; name: string; arg_names: string[]; arg_types: string[] };
type ForeignKey = {
  schema: string;
  table: string;
  column: string;
  ref_table: string;
  ref_column: string;
  foreign_key_name: string;
  foreign_key_group?: string;
};
type Schema = {
  functions?: Routine[];
  columns?: { schema?: string }[];
  views?: { schema?: string; sql?: string }[];
  foreign_keys?: ForeignKey[];
};

/** The parts of lite's connection that the patches replace; lite calls them by these names. */
interface Internals {
  rlsState: 'unknown' | 'active';
  driver: Sql;
  clearSchemaCache(): Promise<void>;
  normalizeDbError(error: unknown): DatabaseError;
  introspect(options: { useCache: boolean }): Promise<Schema>;
  onPostgrestAST(call: Call): Promise<Call>;
  applyJwtSessionContext(
    db: Kysely<unknown>,
    context: { auth?: { role?: string; uid?: string; jwt?: unknown } },
  ): Promise<void>;
  applyRpcRequestGucs(db: Kysely<unknown>, rpc: { method: string; path: string; requestHeaders?: Json }): Promise<void>;
}

/** Starts lite on a bootstrapped database. */
export async function createLite({ databaseUrl, issuer, keys, studio }: LiteOptions): Promise<Lite> {
  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: { max: 16, onnotice() {}, types: hostedTypes },
  });
  const internals = connection as unknown as Internals;
  keepRevokes(internals);
  answerErrorsAsPostgrest(internals);
  passJsonArguments(internals);
  // Limits are looked up inside transactions that hold a connection each: of the same pool, the last would wait for ever.
  const limits = new TimeLimits(postgres(databaseUrl, { max: 1, idle_timeout: 20, onnotice() {} }));
  setSessionAtOnce(internals, limits);
  followJoins(internals);
  await forgetSchemaWhenTold(internals, limits);
  showLittle(internals);

  const app = new App({
    connection,
    api: { schemas: ['public'], max_rows: 1000 },
    auth: {
      enabled: true,
      publishable_key: keys.publishableKey,
      secret_key: keys.secretKey,
      jwt_secret: keys.innerTokenSecret,
      jwt_expiry: 3600,
      site_url: 'http://127.0.0.1:3000',
      email: { enable_confirmations: false },
    },
    db: { migrations: { enabled: false } },
    studio: { enabled: studio },
    options: { server: { admin: studio } },
  } as never);
  await app.init();

  const inner = (request: Request, peer: string) => app.fetch(request, { peerAddress: peer });
  return { fetch: await withHostedTokens(inner, issuer, keys), sql: internals.driver };
}

const rawJson = '\0json:'; // no text that Postgres can hold begins like this

/** Patch: lite encodes what it writes to json columns itself, and then the driver would encode it once more. */
const json = (oid: number) => ({
  to: oid,
  from: [oid],
  serialize: (value: unknown) => {
    if (typeof value !== 'string') return JSON.stringify(value);
    if (value.startsWith(rawJson)) return value.slice(rawJson.length);
    return isEncoded(value) ? value : JSON.stringify(value);
  },
  parse: (text: string) => JSON.parse(text),
});

function isEncoded(value: string): boolean {
  if (!/^\s*[[{]/.test(value)) return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

const text = (oid: number, parse: (text: string) => unknown) => ({
  to: oid,
  from: [oid],
  serialize: (value: unknown) => value instanceof Date ? value.toISOString() : String(value),
  parse,
});

/** Patch: filters arrive as text, and the driver would take every text for false. */
const boolean = {
  to: 16,
  from: [16],
  serialize: (value: unknown) => value === true ? 't' : value === false ? 'f' : String(value),
  parse: (text: string) => text === 't',
};

/** Patch: lite gives numeric as text and `2026-01-31 12:00:00+00`; PostgREST gives JSON numbers and ISO 8601. */
const hostedTypes = {
  boolean,
  json: json(114),
  jsonb: json(3802),
  numeric: text(1700, (text) => Number.isFinite(Number(text)) ? Number(text) : text),
  timestamp: text(1114, (text) => text.replace(' ', 'T')),
  timestamptz: text(1184, (text) => text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')),
};

/**
 * Patch: what a json argument of a function is, only its type tells; lite lets an array arrive as a string. An object for an argument
 * of a composite type arrives as `[object Object]`; PostgREST makes a row of it.
 */
function passJsonArguments(connection: Internals) {
  const original = connection.onPostgrestAST.bind(connection);
  const composites = new WeakMap<Schema, Promise<Composites>>();
  connection.onPostgrestAST = async (given) => {
    const call = await original(given);
    const { args } = call;
    if (call.type !== 'rpc' || call.httpMethod === 'GET' || !args || Array.isArray(args)) return call;
    const schema = await connection.introspect({ useCache: true });
    const { functions = [] } = schema;
    if (!composites.has(schema)) composites.set(schema, compositeTypes(connection.driver));
    const attributesOf = await composites.get(schema)!;
    const candidates = functions.filter(({ schema, name }) =>
      schema === (call.schema ?? 'public') && name === call.function
    );
    const typesOf = (name: string) =>
      candidates.map(({ arg_names, arg_types }) => arg_types[arg_names.indexOf(name)] ?? '');
    const encode = ([name, value]: [string, unknown]) => {
      if (value === null) return [name, value];
      if (typesOf(name).some((type) => /^jsonb?$/.test(type))) return [name, rawJson + JSON.stringify(value)];
      const type = typesOf(name).find((type) => attributesOf.has(type));
      const isRow = type && typeof value === 'object' && !Array.isArray(value);
      return [name, isRow ? rowLiteral(value as Json, attributesOf.get(type)!) : value];
    };
    return { ...call, args: Object.fromEntries(Object.entries(args).map(encode)) };
  };
}

type Composites = Map<string, string[]>;

/** The attributes of each composite type, in order, by the type's name with and without its schema. */
async function compositeTypes(sql: Sql): Promise<Composites> {
  const types = await sql<{ names: string[]; attributes: string[] }[]>`
    select array[t.typname, n.nspname || '.' || t.typname]::text[] as names,
      array_agg(a.attname order by a.attnum)::text[] as attributes
    from pg_type t
    join pg_namespace n on n.oid = t.typnamespace
    join pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    where t.typtype = 'c' and n.nspname = 'public'
    group by n.nspname, t.typname`;
  return new Map(types.flatMap(({ names, attributes }) => names.map((name) => [name, attributes] as const)));
}

/** A row as Postgres reads it; unknown fields are ignored and missing ones null, as in PostgREST. */
function rowLiteral(value: Json, attributes: string[]): string {
  const field = (part: unknown) => {
    if (part === null || part === undefined) return '';
    const text = typeof part === 'object' ? JSON.stringify(part) : String(part);
    return `"${text.replace(/["\\]/g, '$&$&')}"`;
  };
  return `(${attributes.map((name) => field(value[name])).join(',')})`;
}

/**
 * Patch: on its first request lite grants all tables to anon and authenticated, undoing our revokes, and without
 * any RLS table it does not even change role. It does neither when it believes that this was done before.
 */
function keepRevokes(connection: Internals) {
  connection.rlsState = 'active';
}

/** Patch: lite answers 500 `{"code":"SUP"}` to `raise exception` and others; clients here read PostgREST's answers. */
function answerErrorsAsPostgrest(connection: Internals) {
  const understood = /^(PGRST|PT\d{3}|42501|42P01|42883|42P17|23505|23503|23502|25006|(42|22|21).*)$/;
  const original = connection.normalizeDbError.bind(connection);
  connection.normalizeDbError = (thrown) => {
    const error = original(thrown);
    const { code, message, detail, hint } = error ?? {};
    if (typeof code !== 'string' || code.length !== 5 || !error.severity) return error;
    // lite prints every error with its stack trace: one line is enough for what the caller gets anyway.
    const inOneLine = { [Symbol.for('Deno.customInspect')]: () => `[rest] ${code} ${message}` };
    if (understood.test(code)) return Object.assign(error, inOneLine);
    return {
      code: 'PGRST',
      message: JSON.stringify({ code, message, details: detail ?? null, hint: hint ?? null }),
      detail: JSON.stringify({ status: postgrestStatus(code), headers: {} }),
      ...inOneLine,
    };
  };
}

function postgrestStatus(code: string): number {
  if (code === 'P0001') return 400;
  if (/^(08|53)/.test(code)) return 503;
  if (/^(0L|0P|28)/.test(code)) return 403;
  if (/^(09|25|2D|38|39|3B|40|54|55|57|58|F0|HV|P0|XX)/.test(code)) return 500;
  return 400;
}

/**
 * Patch: lite sets some ten session variables one round trip at a time; two statements make a call twice as fast. It knows no
 * time limits of roles and functions.
 */
function setSessionAtOnce(connection: Internals, limits: TimeLimits) {
  const literal = (value: unknown) => `'${String(value ?? '').replaceAll('\0', '').replaceAll("'", "''")}'`;
  const set = (values: Json) => {
    const calls = Object.entries(values).map(([name, value]) => `set_config('${name}', ${literal(value)}, true)`);
    return fragment.raw(`select ${calls.join(', ')}`);
  };
  connection.applyJwtSessionContext = async (db, { auth }) => {
    const role = auth?.role || 'anon';
    const claims = auth?.jwt && typeof auth.jwt === 'object' ? JSON.stringify(auth.jwt) : '';
    await set({
      'role': role,
      'request.jwt.claim.sub': auth?.uid,
      'request.jwt.claim.role': role,
      'request.jwt.claims': claims,
      'statement_timeout': await limits.ofRole(role),
    }).execute(db);
  };
  connection.applyRpcRequestGucs = async (db, { method, path, requestHeaders }) => {
    const limit = await limits.ofFunction(path);
    await set({
      ...(limit ? { 'statement_timeout': limit } : {}),
      'response.status': '',
      'response.headers': '',
      'request.method': method,
      'request.path': path,
      'request.headers': JSON.stringify(requestHeaders ?? {}),
    }).execute(db);
  };
}

/** Patch: lite remembers the schema for ever; as on hosted, DDL and `notify pgrst` make it look again. */
async function forgetSchemaWhenTold(connection: Internals, limits: TimeLimits) {
  let changes = 0;
  let looking: Promise<Schema> | undefined;
  const introspect = connection.introspect.bind(connection);
  const look = async (options: { useCache: boolean }): Promise<Schema> => {
    const before = changes;
    const schema = await introspect(options);
    if (before === changes) return schema;
    // What a look saw that began before the change must not be remembered after it.
    await connection.clearSchemaCache();
    return look(options);
  };
  // Reading the schema takes long and blocks other requests, so concurrent callers share one reading.
  connection.introspect = (options) => {
    if (!options?.useCache) return look(options);
    return looking ??= look(options).finally(() => looking = undefined);
  };
  await connection.driver.listen('pgrst', () => {
    changes++;
    limits.forget();
    return connection.clearSchemaCache();
  });
}

/**
 * Patch: lite finds the foreign keys of a view only if the view reads one table; PostgREST follows each column of a view to the
 * table that it comes from, and so embeds views with joins.
 */
function followJoins(connection: Internals) {
  const followed = new WeakMap<Schema, Schema>();
  const introspect = connection.introspect.bind(connection);
  connection.introspect = async (options) => {
    const schema = await introspect(options);
    const known = followed.get(schema);
    if (known) return known;
    const keys = schema.foreign_keys ?? [];
    const result = {
      ...schema,
      foreign_keys: [...keys, ...keysOfViews(keys, await columnsOfViews(connection.driver))],
    };
    followed.set(schema, result);
    return result;
  };
}

type ViewColumn = { view: string; column: string; table: string; origin: string };

async function columnsOfViews(sql: Sql): Promise<ViewColumn[]> {
  return await sql<ViewColumn[]>`
    select v.relname as view, e.parts[1] as column, b.relname as table, a.attname as origin
    from pg_class v
    join pg_rewrite w on w.ev_class = v.oid
    cross join regexp_matches(w.ev_action::text,
      ':resname (\\w+) :ressortgroupref \\d+ :resorigtbl (\\d+) :resorigcol (\\d+)', 'g') as e (parts)
    join pg_class b on b.oid = e.parts[2]::oid
    join pg_attribute a on a.attrelid = b.oid and a.attnum = e.parts[3]::int
    where v.relkind = 'v' and v.relnamespace = 'public'::regnamespace and b.relnamespace = v.relnamespace
      and pg_get_viewdef(v.oid) ~* '\\mfrom \\(+\\w+ \\w+\\s+(left )?join\\M'`;
}

/** Each key of tables once more for each pair of a view or table that shows all of its columns. */
function keysOfViews(keys: ForeignKey[], columns: ViewColumn[]): ForeignKey[] {
  const ofTable = Map.groupBy(columns, ({ table }) => table);
  const relationsOf = (table: string) => {
    const views = Map.groupBy(ofTable.get(table) ?? [], ({ view }) => view);
    const named = [...views].map(([name, shown]) => ({
      name,
      columns: new Map(shown.map(({ origin, column }) => [origin, column])),
    }));
    return [{ name: table, columns: null }, ...named];
  };
  const groups = Map.groupBy(
    keys.filter(({ schema, foreign_key_group: copied }) => schema === 'public' && !copied),
    (key) => `${key.table}.${key.foreign_key_name}`,
  );
  return [...groups.values()].flatMap((parts) =>
    relationsOf(parts[0].table).flatMap((child) =>
      relationsOf(parts[0].ref_table).flatMap((parent) => {
        if (child.columns === null && parent.columns === null) return [];
        const copies = parts.map((part) => ({
          ...part,
          table: child.name,
          column: child.columns ? child.columns.get(part.column) : part.column,
          ref_table: parent.name,
          ref_column: parent.columns ? parent.columns.get(part.ref_column) : part.ref_column,
          foreign_key_group: `${part.foreign_key_name}:${child.name}->${parent.name}`,
        }));
        return copies.every(({ column, ref_column }) => column && ref_column) ? copies as ForeignKey[] : [];
      })
    )
  );
}

/**
 * Patch: with every request lite looks each column of each view up in the view's text, by regular expressions, and each
 * function among all. It is shown what its callers can reach, and of views no text: their foreign keys are known by then.
 */
function showLittle(connection: Internals) {
  const shown = new WeakMap<Schema, Schema>();
  const isReachable = ({ schema }: { schema?: string }) => schema === 'public';
  const introspect = connection.introspect.bind(connection);
  connection.introspect = async (options) => {
    const schema = await introspect(options);
    const little = shown.get(schema) ?? {
      ...schema,
      functions: schema.functions?.filter(isReachable),
      columns: schema.columns?.filter(isReachable),
      views: schema.views?.filter(isReachable).map((view) => ({ ...view, sql: '' })),
    };
    shown.set(schema, little);
    return little;
  };
}

/** The public half of the signing key, as functions and clients fetch it. */
function publicKeySet(signingKey: JWK): { keys: JWK[] } {
  const { d: _private, ...publicKey } = signingKey;
  return { keys: [{ ...publicKey, key_ops: ['verify'] }] };
}

/**
 * Patch: lite signs HS256 tokens without key id, app_metadata and other claims of GoTrue. Tokens that leave are made
 * again as hosted signs them (ES256), and tokens that come in are translated back. Named secret keys count as the secret key.
 */
async function withHostedTokens(inner: Lite['fetch'], issuer: string, keys: Keys): Promise<Lite['fetch']> {
  const tokens = await tokenTranslator(issuer, keys);
  return async (request, peer) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/auth/v1/.well-known/jwks.json') return Response.json(publicKeySet(keys.signingKey));
    const headers = new Headers(request.headers);
    if (headers.get('apikey') === keys.jobsKey) headers.set('apikey', keys.secretKey);
    if (headers.get('authorization') === `Bearer ${keys.jobsKey}`) {
      headers.set('authorization', `Bearer ${keys.secretKey}`);
    }
    const bearer = /^Bearer (\S+\.\S+\.\S+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    try {
      if (bearer) headers.set('authorization', `Bearer ${await tokens.toInner(bearer)}`);
    } catch {
      const refusal = { code: 'PGRST301', message: 'JWT invalid or expired', details: null, hint: null };
      return Response.json(refusal, { status: 401, headers: { 'access-control-allow-origin': '*' } });
    }
    const response = await inner(quoteFilters(new Request(request, { headers })), peer);
    return pathname.startsWith('/auth/v1/') ? await tokens.toOuter(response) : response;
  };
}

async function tokenTranslator(issuer: string, keys: Keys) {
  const innerKey = new TextEncoder().encode(keys.innerTokenSecret);
  const privateKey = await importJWK(keys.signingKey, 'ES256');
  const publicKey = await importJWK(publicKeySet(keys.signingKey).keys[0], 'ES256');
  const known = new Map<string, string>(); // outer token → inner token: checking a signature costs more than a request
  const remember = (outer: string, translated: string) => {
    if (known.size > 5000) known.delete(known.keys().next().value!);
    known.set(outer, translated);
    return translated;
  };
  const signInner = (claims: Json) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(innerKey);

  const mint = async (accessToken: string, user: Json) => {
    const { payload } = await jwtVerify(accessToken, innerKey, { algorithms: ['HS256'] });
    const claims = {
      iss: issuer,
      ...payload,
      phone: user.phone ?? '',
      app_metadata: user.app_metadata ?? {},
      user_metadata: user.user_metadata ?? {},
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: payload.iat }],
      is_anonymous: false,
    };
    const header = { alg: 'ES256', typ: 'JWT', kid: keys.signingKey.kid };
    const outer = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    remember(outer, await signInner(claims));
    return outer;
  };

  return {
    async toInner(token: string) {
      const hit = known.get(token); // lite still checks when it expires
      if (hit) return hit;
      const { payload } = await jwtVerify(token, publicKey, { algorithms: ['ES256'] });
      return remember(token, await signInner(payload));
    },
    async toOuter(response: Response) {
      if (!response.ok || !response.headers.get('content-type')?.includes('json')) return response;
      const body = await response.json();
      if (typeof body?.access_token === 'string' && body.user) {
        body.access_token = await mint(body.access_token, body.user);
      }
      const headers = new Headers(response.headers);
      headers.delete('content-length');
      return new Response(JSON.stringify(body), { status: response.status, headers });
    },
  };
}
