import assert from 'node:assert/strict';
import { connect, sql } from '../../support/database.ts';
import {
  entryPoints,
  outcomeOf,
  REFUSED_BY_STATE,
  rightArguments,
  type World,
  world,
} from '../../support/entry_points.ts';
import { clientWith, signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { stack } from '../../support/stack.ts';

Deno.test('admin entry points: a server and the SQL editor → the outcome of a platform admin', async () => {
  const given = await world();
  const differing: string[] = [];
  for (const entry of await entryPoints()) {
    const { message: _, ...expected } = { message: '', ...await outcomeOf(given, entry, {}) };
    for (const caller of ['server', 'studio'] as const) {
      const { message, ...outcome } = { message: '', ...await outcomeOf(given, entry, {}, caller) };
      if (JSON.stringify(outcome) !== JSON.stringify(expected)) {
        differing.push(`${entry.name}: ${caller} → ${JSON.stringify(outcome)} ${message}`);
      }
    }
  }
  assert.deepEqual(differing, []);
});

/** Arguments that keep what a call changes apart from other tests. */
const OWN: Record<string, (given: World) => Record<string, unknown>> = {
  create_brand: () => ({ name: `Brand ${crypto.randomUUID()}` }),
  update_minimum_validity: ({ values }) => ({ brand_id: values.brand_id }),
};

Deno.test('admin entry points: the secret key over HTTP → no refusal for want of an actor', async () => {
  const given = await world();
  const server = clientWith(stack.secretKey);
  const refused: string[] = [];
  for (const entry of await entryPoints()) {
    const args = { ...rightArguments(given, entry), ...OWN[entry.name]?.(given) };
    const { error } = await server.rpc(entry.name, args);
    // an entry point called before may have left nothing to do
    if (error && !['RB400', REFUSED_BY_STATE[entry.name]].includes(error.code)) {
      refused.push(`${entry.name}: ${error.code} ${error.message}`);
    }
  }
  assert.deepEqual(refused, []);
});

Deno.test('admin entry points: a client or an agency that does not exist → RB-404 for a server, too', async () => {
  const given = await world();
  const taken: string[] = [];
  const names = [
    'client_id',
    'agency_id',
    'campaign_id',
    'package_id',
    'voucher_id',
    'gift_card_id',
    'endpoint_id',
    'pool_id',
  ];
  for (const entry of await entryPoints()) {
    const name = names.find((one) => one in rightArguments(given, entry));
    // reads a page with the rights of its reader
    if (!name || entry.name === 'list_vouchers') continue;
    const outcome = await outcomeOf(given, entry, { [name]: crypto.randomUUID() }, 'server');
    if (outcome.kind !== 'refused' || outcome.code !== 'RB404') {
      taken.push(`${entry.name}.${name}: ${JSON.stringify(outcome)}`);
    }
  }
  assert.deepEqual(taken, []);
});

/** What Studio's SQL editor puts before a statement when a role is impersonated. */
function impersonating(claims: Record<string, unknown>): string {
  return `select set_config('role', '${claims.role}', true),
set_config('request.jwt.claims', '${JSON.stringify(claims)}', true),
set_config('request.method', 'POST', true),
set_config('request.path', '/impersonation-example-request-path', true),
set_config('request.headers', '{"accept": "*/*"}', true);
select 1 as "ROLE_IMPERSONATION_NO_RESULTS";
`;
}

/** Sends a text as the SQL editor does: in one go, on a connection as postgres; answers the last statement's rows, or the code. */
async function inEditor(text: string): Promise<{ rows?: Record<string, unknown>[]; code?: string }> {
  const editor = connect(stack.dbUrl, 1);
  try {
    const results = await editor.unsafe(text).simple() as unknown as Record<string, unknown>[] | Record<
      string,
      unknown
    >[][];
    return { rows: (Array.isArray(results[0]) ? results.at(-1) : results) as Record<string, unknown>[] };
  } catch (error) {
    return { code: (error as { code: string }).code };
  } finally {
    await editor.end();
  }
}

Deno.test('SQL editor: an admin entry point as postgres and as each impersonated role → runs', async () => {
  const { clientId } = await promise({ cards: 0 });
  const [admin, agent] = [await signUpAs('client_admin', clientId), await signUpAs('call_agent', clientId)];
  const claimsOf = (sub: string) => ({ aal: 'aal1', aud: 'authenticated', role: 'authenticated', sub });
  const statement = `select id from public.create_campaign('${clientId}', 'From the editor')`;
  const cases: [text: string, code: string | undefined, origin?: string, actor?: string | null][] = [
    [statement, undefined, 'studio', null],
    [`set local role 'postgres';\n${statement}`, undefined, 'studio', null],
    [impersonating(claimsOf(admin.id)) + statement, undefined, 'user', admin.id],
    [impersonating({ iss: 'supabase', ref: 'default', role: 'service_role' }) + statement, undefined, 'server', null],
    [impersonating(claimsOf(agent.id)) + statement, 'RB403'],
    [impersonating({ aud: 'authenticated', role: 'authenticated' }) + statement, 'RB401'],
    [impersonating({ iss: 'supabase', ref: 'default', role: 'anon' }) + statement, '42501'],
    [`set local role 'authenticated';\n${statement}`, 'RB401'],
  ];
  for (const [text, code, origin, actor] of cases) {
    const answer = await inEditor(text);
    assert.equal(answer.code, code, text);
    if (code) continue;
    const [event] = await sql`
      select actor_id, origin from public.audit_events
      where subject_id = ${answer.rows![0].id as string} and action = 'campaign.created'`;
    assert.deepEqual({ ...event }, { actor_id: actor, origin }, text);
  }
});
