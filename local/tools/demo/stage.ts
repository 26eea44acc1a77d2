/** What the scenes of the demo use: calls that print themselves, the messages that arrived, and queries of the tables. */
import { randomInt } from 'node:crypto';
import { inspect } from 'node:util';
import { createClient } from '@supabase/supabase-js';
import postgres from 'postgres';

const environment = (name: string) => Deno.env.get(name)!;
const apiUrl = environment('API_URL');
const keys = { form: environment('PUBLISHABLE_KEY'), server: environment('SECRET_KEY') };

/** The body of an answer, a resource or a refusal. */
export type Answer = Record<string, unknown>;

/** A signed-in user's access token. */
export interface Tablet {
  token: string;
}

/** Queries the tables as the owner of the database. */
export const query = postgres(environment('DB_URL'), { max: 1, onnotice() {} });

const results: { scene: string; result: string }[] = [];

/** Plays a scene under its title. It returns what happened, for the summary at the end. */
export async function scene(title: string, play: () => Promise<string>): Promise<void> {
  console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 90 - title.length))}`);
  results.push({ scene: title, result: mask(await play()) });
}

/** Prints each scene with what happened in it; codes and ids are masked. */
export function summarize(violations: number): void {
  console.log(`\n── Summary ${'─'.repeat(83)}\n`);
  results.forEach(({ scene, result }, index) => {
    console.log(`  ${String(index + 1).padStart(2)}. ${scene}\n      ${result}`);
  });
  console.log(`\n  ${results.length} scenes played, ${violations} invariants violated`);
}

/** Leaves the last four characters of codes and ids. */
export function mask(text: string): string {
  return text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{8}([0-9a-f]{4})/gi, '…$2')
    .replace(/\b(?:[A-Z0-9]{4}-){2,}([A-Z0-9]{4})\b/g, '…$1')
    .replace(/\+\d{3,11}(?=\d{4})/g, '+…');
}

/** Prints a sentence between the calls. */
export function note(text: string): void {
  console.log(`\n  ${text}`);
}

/** Prints rows as a table, an answer as it is. */
export function show(content: object): void {
  if (Array.isArray(content)) console.table(content.map((row) => ({ ...row })));
  else console.log(inspect(content, { depth: 5, compact: 3, breakLength: 110 }).replace(/^/gm, '    '));
}

/** Calls a function as a web form, a server or a signed-in user, and prints both sides. */
export async function call(
  name: string,
  body: Record<string, unknown>,
  { as = 'form', headers = {} }: { as?: 'form' | 'server' | Tablet; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const isUser = typeof as === 'object';
  console.log(`\n  POST /functions/v1/${name}  (${isUser ? 'signed-in user' : as})\n    ${JSON.stringify(body)}`);
  const response = await fetch(`${apiUrl}/functions/v1/${name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      apikey: isUser ? keys.form : keys[as],
      ...(isUser ? { authorization: `Bearer ${as.token}` } : {}),
      ...headers,
    },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  console.log(`  → ${response.status}`);
  show(answer);
  return answer;
}

/** Calls a function of the database as a signed-in user, as supabase-js does, and prints both sides. */
export async function rpc(name: string, args: Record<string, unknown>, { token }: Tablet): Promise<Answer> {
  console.log(`\n  supabase.rpc('${name}', ${JSON.stringify(args)})  (signed-in admin)`);
  const client = createClient(apiUrl, keys.form, { accessToken: () => Promise.resolve(token) });
  const { data, error } = await client.rpc(name, args);
  if (error) throw error;
  show(data);
  return data;
}

/** Uploads fresh Amazon cards as a CSV file with one row that must be refused; `again()` sends the same file once more. */
export async function uploadCards(poolId: string, howMany: number): Promise<{ again(): Promise<Answer> }> {
  const symbols = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
  const word = () => Array.from({ length: 4 }, () => symbols[randomInt(symbols.length)]).join('');
  const rows = Array.from({ length: howMany }, () => `AMZN-${word()}-${word()}-${word()},${randomInt(1000, 9999)}`);
  const csv = ['code,pin', ...rows, '4111 1111 1111 1111,'].join('\r\n');
  const upload = async () => {
    console.log(`\n  POST /functions/v1/upload-gift-cards?poolId=…  (server, text/csv, ${rows.length + 1} rows)`);
    const response = await fetch(`${apiUrl}/functions/v1/upload-gift-cards?poolId=${poolId}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', apikey: keys.server },
      body: csv,
    });
    const answer = await response.json();
    console.log(`  → ${response.status}`);
    show(answer);
    return answer;
  };
  await upload();
  return { again: upload };
}

/** A new user in a role of the demo client, signed in. */
export async function tablet(role: string): Promise<Tablet> {
  const client = createClient(apiUrl, keys.form, { auth: { persistSession: false, autoRefreshToken: false } });
  const { data, error } = await client.auth.signUp({
    email: `${role}-${crypto.randomUUID()}@example.com`,
    password: crypto.randomUUID(),
  });
  if (error) throw error;
  await query`
    insert into public.memberships (user_id, role, client_id)
    values (${data.user!.id}, ${role}, '00000000-0000-4000-8000-000000000011')`;
  return { token: data.session!.access_token };
}

/** Sends an order to the provider sandbox, or reads from it. */
export async function sandbox(path: string, order?: Record<string, unknown>): Promise<Answer[]> {
  const response = await fetch(environment('SANDBOX_URL') + path, {
    method: order ? 'POST' : 'GET',
    body: order && JSON.stringify(order),
  });
  return await response.json();
}

/** Waits for a message to an address, with `signs` in its text if given, prints it and returns its text. */
export async function latestMessage(address: string, signs = ''): Promise<string> {
  const message = await until(`a message at ${address}`, async () => {
    const messages = await sandbox(`/_messages?to=${encodeURIComponent(address)}`);
    return messages.filter(({ body }) => String(body).includes(signs));
  });
  console.log(`\n  An SMS arrives at ${address}:\n${String(message.body).replace(/^/gm, '    │ ')}`);
  return String(message.body);
}

/** Polls until `look` finds something, and returns the first of it. */
export async function until<Seen>(what: string, look: () => PromiseLike<readonly Seen[]>): Promise<Seen> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const [seen] = await look();
    if (seen) return seen;
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Error(`not seen within 30 seconds: ${what}`);
}
