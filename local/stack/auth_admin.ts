/** The part of GoTrue's admin API that lite lacks: create, invite, list, get, update and delete users with a secret key. */
import type { Sql } from 'postgres';

// deno-lint-ignore no-explicit-any
type Row = any;

const route = /^\/auth\/v1\/(?:admin\/users(?:\/([0-9a-f-]{36}))?|invite)$/;

/** Answers a request to the admin API, or returns null when it is none. */
export async function authAdmin(request: Request, sql: Sql, secretKey: string): Promise<Response | null> {
  const { pathname, searchParams } = new URL(request.url);
  const match = route.exec(pathname);
  if (!match || request.method === 'OPTIONS') return null;
  if (request.headers.get('apikey') !== secretKey) return refuse(403, 'not_admin', 'User not allowed');

  const [, id] = match;
  const body = ['POST', 'PUT'].includes(request.method) ? await request.json() : {};
  switch (`${request.method} ${id ? 'one' : 'all'}`) {
    case 'GET one':
      return await show(sql, id);
    case 'GET all':
      return await list(sql, searchParams);
    case 'PUT one':
      return await update(sql, id, body);
    case 'DELETE one':
      return await remove(sql, id);
    case 'POST all':
      return await create(sql, body, pathname.endsWith('/invite'));
    default:
      return refuse(405, 'method_not_allowed', 'Method not allowed');
  }
}

function refuse(status: number, error_code: string, msg: string) {
  return Response.json({ code: status, error_code, msg }, { status });
}

const notFound = () => refuse(404, 'user_not_found', 'User not found');

function present(user: Row, identities: readonly Row[] = []) {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email ?? '',
    phone: user.phone ?? '',
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    identities,
    created_at: user.created_at,
    updated_at: user.updated_at,
    last_sign_in_at: user.last_sign_in_at,
    email_confirmed_at: user.email_confirmed_at,
    confirmed_at: user.confirmed_at,
    invited_at: user.invited_at,
    banned_until: user.banned_until,
    is_anonymous: false,
  };
}

async function show(sql: Sql, id: string) {
  const [user] = await sql`select * from auth.users where id = ${id}`;
  if (!user) return notFound();
  const identities = await sql`select *, id as identity_id from auth.identities where user_id = ${id}`;
  return Response.json(present(user, identities));
}

async function list(sql: Sql, query: URLSearchParams) {
  const size = Math.min(Number(query.get('per_page') || 50), 1000);
  const page = Number(query.get('page') || 1);
  const [{ total }] = await sql`select count(*)::int as total from auth.users`;
  const users = await sql`select * from auth.users order by created_at desc limit ${size} offset ${(page - 1) * size}`;
  const last = Math.max(1, Math.ceil(total / size));
  const headers = { 'x-total-count': String(total), 'link': `</auth/v1/admin/users?page=${last}>; rel="last"` };
  return Response.json({ users: users.map((user) => present(user)), aud: 'authenticated' }, { headers });
}

async function remove(sql: Sql, id: string) {
  const { count } = await sql`delete from auth.users where id = ${id}`;
  return count ? Response.json({}) : notFound();
}

async function update(sql: Sql, id: string, body: Row) {
  const app = JSON.stringify(body.app_metadata ?? {});
  const own = JSON.stringify(body.user_metadata ?? {});
  const password: string | null = body.password ?? null;
  const ban: string | null = body.ban_duration ?? null;
  await sql`
    update auth.users set
      email = coalesce(${body.email?.toLowerCase() ?? null}, email),
      raw_app_meta_data = raw_app_meta_data || ${app}::text::jsonb,
      raw_user_meta_data = raw_user_meta_data || ${own}::text::jsonb,
      encrypted_password = coalesce(extensions.crypt(${password}::text, extensions.gen_salt('bf', 10)), encrypted_password),
      email_confirmed_at = case when ${
    body.email_confirm === true
  } then coalesce(email_confirmed_at, now()) else email_confirmed_at end,
      banned_until = case ${ban}::text when 'none' then null else coalesce(now() + nullif(${ban}::text, 'none')::interval, banned_until) end,
      updated_at = now()
    where id = ${id}`;
  return await show(sql, id);
}

async function create(sql: Sql, body: Row, isInvitation: boolean) {
  const email = body.email?.toLowerCase();
  if (!email) return refuse(422, 'validation_failed', 'An email address is required');
  const id: string = body.id ?? crypto.randomUUID();
  const app = JSON.stringify({ provider: 'email', providers: ['email'], ...body.app_metadata });
  const own = JSON.stringify(body.user_metadata ?? body.data ?? {});
  const identity = JSON.stringify({ sub: id, email, email_verified: false, phone_verified: false });
  try {
    await sql.begin(async (transaction) => {
      await transaction`
        insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, invited_at,
          raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
        values (${id}, 'authenticated', 'authenticated', ${email},
          coalesce(extensions.crypt(${body.password ?? null}::text, extensions.gen_salt('bf', 10)), ''),
          case when ${body.email_confirm === true} then now() end, case when ${isInvitation} then now() end,
          ${app}::text::jsonb, ${own}::text::jsonb, now(), now())`;
      await transaction`
        insert into auth.identities (id, user_id, provider, provider_id, identity_data, created_at, updated_at)
        values (gen_random_uuid(), ${id}, 'email', ${id}, ${identity}::text::jsonb, now(), now())`;
    });
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error;
    return refuse(422, 'email_exists', 'A user with this email address has already been registered');
  }
  return await show(sql, id);
}
