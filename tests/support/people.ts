import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { sql } from './database.ts';
import { stack } from './stack.ts';
import { uniqueEmail, uniqueIp } from './unique.ts';

type Role = 'platform_admin' | 'agency_admin' | 'client_admin' | 'call_agent' | 'dealer' | 'customer';

/** A signed-in user. */
export interface Person {
  id: string;
  token: string;
  client: SupabaseClient;
}

/** A supabase-js client as an application makes it, from an address of its own. */
export function clientWith(key: string, ip = uniqueIp()): SupabaseClient {
  return createClient(stack.apiUrl, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { headers: { 'x-forwarded-for': ip } },
  });
}

/** Signs up a user without a role. */
export async function signUp(): Promise<Person> {
  const client = clientWith(stack.publishableKey);
  const { data, error } = await client.auth.signUp({ email: uniqueEmail(), password: 'correct horse battery staple' });
  if (error) throw error;
  return { id: data.user!.id, token: data.session!.access_token, client };
}

/** Signs up a user with a role at a client (or at its agency, or on the platform). */
export async function signUpAs(role: Role, clientId: string | null = null): Promise<Person> {
  const person = await signUp();
  await join(person, role, clientId);
  return person;
}

/** Adds a role to a user. */
export async function join({ id }: Person, role: Role, clientId: string | null): Promise<void> {
  await sql`
    insert into public.memberships (user_id, role, agency_id, client_id)
    select ${id}, ${role}, case when ${role} = 'agency_admin' then c.agency_id end,
      case when ${role} not in ('platform_admin', 'agency_admin') then c.id end
    from (select 1) one left join public.clients c on c.id = ${clientId}`;
}
