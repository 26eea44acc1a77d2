import assert from 'node:assert/strict';
import type postgres from 'postgres';
import type { Input, Kind } from '../fixtures/inputs.ts';
import { connect } from './crm.ts';
import { sql } from './database.ts';
import { eventually } from './eventually.ts';
import { provision } from './gift_cards.ts';
import { kindOf } from './kinds.ts';
import { signUpAs } from './people.ts';
import { promise } from './promise.ts';
import { giveCredit } from './sales.ts';
import { addPackage } from './shop.ts';
import { addVoucher, redeemVoucher, signUpCustomer } from './vouchers.ts';

/** One argument of an entry point, as the catalog knows it. */
export interface Argument {
  name: string;
  type: string;
  isOptional: boolean;
  kind?: Kind;
}

/** A public function that users call with supabase-js. */
export interface EntryPoint {
  name: string;
  args: Argument[];
}

/** The outcome of a call; raw is a database error without a code of the catalogue. */
export type Outcome =
  | { kind: 'taken' }
  /** The database could not read the value as the argument's type; the entry point was not reached. */
  | { kind: 'unreadable' }
  | { kind: 'refused'; code: string; message: string; fields?: { field: string; problem: string }[]; detail: string }
  | { kind: 'raw'; state: string; message: string };

/** A tenant with rows for each entry point. */
export interface World {
  adminId: string;
  values: Record<string, unknown>;
}

/** Entry points whose valid call is refused because of the tenant's state. */
export const REFUSED_BY_STATE: Record<string, string> = {
  allow_gift_card_replacement: 'RB400', // the card is delivered
  collect_credit: 'GC006', // the client owes nothing
  decide_reply: 'RB404', // there is none to decide
  replay_webhook_message: 'RB400', // the message is on its way
};

/** Every public function that `authenticated` may execute, with its arguments. */
export async function entryPoints(): Promise<EntryPoint[]> {
  const rows = await sql`
    select p.proname as name, coalesce(json_agg(json_build_object('name', a.name, 'type', format_type(a.type, null),
        'isOptional', a.place > p.pronargs - p.pronargdefaults) order by a.place)
      filter (where a.name is not null), '[]') as args
    from pg_proc p left join lateral unnest(p.proargnames, p.proargtypes::oid[]) with ordinality as a (name, type, place)
      on a.place <= p.pronargs
    where p.pronamespace = 'public'::regnamespace and has_function_privilege('authenticated', p.oid, 'execute')
    group by p.oid order by p.proname`;
  return rows.map(({ name, args }) => ({
    name,
    args: args.map((arg: Argument) => ({ ...arg, kind: kindOf(name, arg.name, arg.type) })),
  }));
}

/** The inputs of a kind that can be an argument of this type: a text is no list. */
export function insideOf({ type }: Argument, inputs: Input[]): Input[] {
  return inputs.filter(([given]) => type.endsWith('[]') ? given === null || Array.isArray(given) : true);
}

/** Creates the tenant for the calls. */
export async function world(): Promise<World> {
  const stocked = await promise();
  const { clientId, campaignId, poolId, brandId, recipient } = stocked;
  const [{ agency_id: agencyId }] = await sql`select agency_id from public.clients where id = ${clientId}`;
  const admin = await signUpAs('platform_admin');
  const { body: { giftCard } } = await provision(stocked);
  await giveCredit(clientId, 100);
  const customer = await signUpCustomer(clientId);
  const voucher = await addVoucher(clientId);
  const { body: { redemptionId } } = await redeemVoucher(customer, voucher.code);
  const rpc = async (name: string, args: Record<string, unknown>) => {
    const { data, error } = await admin.client.rpc(name, args);
    assert.equal(error, null, `${name}: ${JSON.stringify(error)}`);
    return data;
  };
  const endpoint = await rpc('create_webhook_endpoint', { client_id: clientId, url: 'https://example.com/hook' });
  const webhookId = endpoint.id ?? endpoint.endpoint?.id;
  await rpc('send_test_event', { endpoint_id: webhookId });
  const crm = await connect(stocked);
  await crm.tell({ contactId: recipient.id });
  const [event] = await sql`select id from public.crm_events where endpoint_id = ${crm.endpointId}`;
  const owed = await promise({ cards: 0 });
  await provision(owed);
  const reward = await eventually(
    'a reward is pending',
    async () => (await sql`select id from public.pending_rewards where campaign_id = ${owed.campaignId}`)[0],
  );
  const [message] = await sql`select id from public.webhook_messages where endpoint_id = ${webhookId}`;
  const [upload] = await sql`select id from public.imports where subject_id = ${poolId}`;
  await addPackage(clientId);
  const values = {
    import_id: upload.id,
    'list_import_rows.outcome': 'refused',
    client_id: clientId,
    agency_id: agencyId,
    campaign_id: campaignId,
    pool_id: poolId,
    brand_id: brandId,
    recipient_id: recipient.id,
    gift_card_id: giftCard.id,
    package_id: await addPackage(clientId),
    voucher_id: voucher.id,
    redemption_id: redemptionId,
    reward_id: reward.id,
    endpoint_id: webhookId,
    'update_crm_endpoint.endpoint_id': crm.endpointId,
    'update_crm_endpoint_key.endpoint_id': crm.endpointId,
    'replay_crm_events.endpoint_id': crm.endpointId,
    crm_event_id: event.id,
    message_id: message?.id,
    condition_number: 1,
    'create_campaign_condition.condition_number': 7,
    name: 'Name',
    pool_name: 'Pool',
    campaign_name: 'Campaign',
    condition_name: 'Condition',
    card_value: 25,
    denomination: 25,
    price: 30,
    fee: 1,
    amount: 5,
    duration_days: 30,
    billing_entity: 'client',
    hours: 24,
    how_many: 2,
    is_required: false,
    is_active: true,
    requires_confirmation_code: true,
    code_case_matters: false,
    reason: 'A reason',
    body: 'Hi {{first_name}}, {{code}}',
    url: 'https://example.com/hook',
    since: '2020-01-01',
    channel: 'sms',
    source: 'web_form',
    'record_opt_out.source': 'agent',
    wording: 'I agree',
    expiration_policy: 'none',
    recipients: [{ firstName: 'Ada' }],
    voucher: { type: 'credit', value: 5 },
    changes: { isActive: true },
    'allocate_credit.agency_id': agencyId,
    'return_credit.client_id': clientId,
    'update_service_fee.client_id': clientId,
    'update_billing_terms.client_id': clientId,
    'update_billing_terms.is_prepaid': true,
    'update_pending_reward.reason': 'A reason',
    'update_pending_reward.denomination': 25,
    'create_gift_card_pool.cost_per_card': 20,
  };
  return { adminId: admin.id, values };
}

class Undone extends Error {}

/** Who calls an entry point: a platform admin, a server with the secret key, or the SQL editor of Studio. */
export type Caller = 'admin' | 'server' | 'studio';

/** What the API, or Studio's SQL editor, sets before a statement: role and claims. */
function settingsOf(caller: Caller, { adminId }: World): { role: string; claims: string } {
  if (caller === 'studio') return { role: 'none', claims: '' };
  return caller === 'server'
    ? { role: 'service_role', claims: JSON.stringify({ role: 'service_role' }) }
    : { role: 'authenticated', claims: JSON.stringify({ sub: adminId, role: 'authenticated' }) };
}

/** The arguments of a valid call, by name. */
export function rightArguments({ values }: World, { name, args }: EntryPoint): Record<string, unknown> {
  const used = args.filter((arg) => !arg.isOptional || `${name}.${arg.name}` in values);
  return Object.fromEntries(used.map((arg) => [arg.name, values[`${name}.${arg.name}`] ?? values[arg.name] ?? null]));
}

/** Calls an entry point with valid arguments, overridden by the given ones, and rolls back. */
export async function outcomeOf(
  inWorld: World,
  entry: EntryPoint,
  given: Record<string, unknown>,
  caller: Caller = 'admin',
): Promise<Outcome> {
  const { name, args } = entry;
  const values = { ...rightArguments(inWorld, entry), ...given };
  const { role, claims } = settingsOf(caller, inWorld);
  const used = args.filter((arg) => arg.name in values);
  const list = used.map((arg, n) => `${arg.name} => ${castOf(arg.type, n + 1)}`);
  const parameters = used.map((arg) => written(arg.type, values[arg.name]));
  try {
    await sql.begin(async (transaction) => {
      await transaction`select set_config('request.jwt.claims', ${claims}, true), set_config('role', ${role}, true)`;
      await transaction.unsafe(`select * from public.${name}(${list})`, parameters as string[]);
      await transaction`set constraints all immediate`;
      throw new Undone();
    });
  } catch (error) {
    return outcomeFrom(error as postgres.PostgresError);
  }
  throw new Error('not reached');
}

function outcomeFrom(error: postgres.PostgresError | Undone): Outcome {
  if (error instanceof Undone) return { kind: 'taken' };
  const { code, message, where, detail } = error;
  if (/^(GC|VC|WL|PC|TK|OP|RB)\d{3}$/.test(code)) {
    const { fields } = JSON.parse(detail || '{}');
    return { kind: 'refused', code, message, fields, detail: detail ?? '' };
  }
  if (/^22/.test(code ?? '') && !/function/.test(where ?? '')) return { kind: 'unreadable' };
  return { kind: 'raw', state: code, message: `${message} ${where?.split('\n')[0] ?? ''}` };
}

function castOf(type: string, place: number): string {
  if (!type.endsWith('[]')) return `($${place}::text)::${type}`;
  return `(select case when $${place}::text is null then null else array(select jsonb_array_elements_text($${place}::text::jsonb)) end)`;
}

function written(type: string, value: unknown): string | null {
  if (value === undefined || (value === null)) return null;
  return type === 'jsonb' || type.endsWith('[]') ? JSON.stringify(value) : String(value);
}
