import assert from 'node:assert/strict';
import { type SupabaseClient } from '@supabase/supabase-js';
import { sql } from '../../support/database.ts';
import { provision } from '../../support/gift_cards.ts';
import { clientWith, signUp, signUpAs } from '../../support/people.ts';
import { promise, type Promised } from '../../support/promise.ts';
import { stack } from '../../support/stack.ts';

/** Every table and view of the API that has rows of a client. */
async function relations(): Promise<string[]> {
  const rows = await sql`
    select c.relname as name from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'client_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v', 'p') order by 1`;
  return rows.map(({ name }) => name);
}

/** A client in whose rows there is something of everything that a provisioning writes. */
async function busyTenant(): Promise<Promised> {
  const promised = await promise({ cards: 2 });
  await provision(promised, { deliveryMethod: 'sms' });
  return promised;
}

async function seen(client: SupabaseClient, relation: string, clientId: string) {
  const { data } = await client.from(relation).select('*').eq('client_id', clientId);
  return data?.length ?? 0;
}

Deno.test('direct access: visitors, users without a role, staff of other clients → no row', async () => {
  const [{ clientId }, foreign] = [await busyTenant(), await promise({ cards: 0 })];
  const others = {
    'a visitor': clientWith(stack.publishableKey),
    'a user without a role': (await signUp()).client,
    'a customer of the client': (await signUpAs('customer', clientId)).client,
    'an admin of another client': (await signUpAs('client_admin', foreign.clientId)).client,
    'an admin of another agency': (await signUpAs('agency_admin', foreign.clientId)).client,
  };
  const admin = await signUpAs('client_admin', clientId);
  const visible: string[] = [];
  for (const relation of await relations()) {
    if (await seen(admin.client, relation, clientId) > 0) visible.push(relation);
    for (const [who, client] of Object.entries(others)) {
      // A membership of one's own is one's own business.
      const expected = relation === 'memberships' && who === 'a customer of the client' ? 1 : 0;
      assert.equal(await seen(client, relation, clientId), expected, `${who} reads ${relation}`);
    }
  }
  // An empty table cannot pass: the client's own admin sees rows of all these.
  for (const relation of ['gift_cards', 'recipients', 'deliveries', 'gift_card_provisioning_trace', 'audit_events']) {
    assert.ok(visible.includes(relation), relation);
  }
});

Deno.test('direct access: a write to any table, also by an admin → refused', async () => {
  const { clientId, poolId, campaignId, recipient } = await busyTenant();
  const { client } = await signUpAs('client_admin', clientId);
  const [{ id: cardId }] =
    await sql`select id from public.gift_cards where pool_id = ${poolId} and status = 'available'`;
  const writes = [
    client.from('gift_cards').update({ status: 'claimed', recipient_id: recipient.id }).eq('pool_id', poolId),
    client.from('gift_cards').delete().eq('id', cardId),
    client.from('gift_cards').insert({ pool_id: poolId, client_id: clientId, code_last4: '1234' }),
    client.from('gift_card_pools').update({ available_cards: 1000 }).eq('id', poolId),
    client.from('card_pools').update({ available_cards: 1000 }).eq('id', poolId),
    client.from('card_pools').insert({ client_id: clientId, pool_name: 'Mine', denomination: 25 }),
    client.from('recipients').update({ redemption_token: 'EASY2GUESS' }).eq('id', recipient.id),
    client.from('campaigns').update({ billing_entity: 'agency' }).eq('id', campaignId),
    client.from('memberships').insert({ user_id: recipient.id, role: 'platform_admin' }),
    client.from('audit_events').delete().eq('client_id', clientId),
    client.from('billing_transactions').update({ price: 0 }).eq('client_id', clientId),
    client.from('contact_opt_outs').insert({ channel: 'sms', address: recipient.phone, source: 'me' }),
  ];
  for (const write of writes) {
    const { error, status } = await write;
    assert.ok(error && status >= 400, `${status} ${JSON.stringify(error)}`);
  }
  const [{ status }] = await sql`select status from public.gift_cards where id = ${cardId}`;
  assert.equal(status, 'available');
});

Deno.test('direct access: service entry points as a user or visitor → refused', async () => {
  const { clientId, recipient, poolId } = await promise();
  const entryPoints = await sql`
    select p.oid::regproc::text as name, p.proargnames as args, p.pronargs as count from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosecdef
      and not has_function_privilege('authenticated', p.oid, 'execute')`;
  assert.ok(entryPoints.length >= 14, `only ${entryPoints.length} entry points`);
  const callers = [clientWith(stack.publishableKey), (await signUpAs('platform_admin')).client];
  for (const { name, args, count } of entryPoints) {
    const named = Object.fromEntries((args ?? []).slice(0, count).map((argument: string) => [argument, null]));
    for (const client of callers) {
      const { error, status } = await client.rpc(name, named);
      assert.ok(error && [401, 403, 404].includes(status), `${name}: ${status} ${JSON.stringify(error)}`);
    }
  }
  const admin = await signUpAs('client_admin', clientId);
  const { error } = await admin.client.rpc('redeem_gift_card', { redemption_code: recipient.token });
  assert.ok(error);
  const [{ status }] = await sql`select status from public.gift_cards where pool_id = ${poolId}`;
  assert.equal(status, 'available');
});

Deno.test('direct access: the private schema and sealed codes → not readable', async () => {
  const { clientId } = await busyTenant();
  const { token } = await signUpAs('platform_admin', clientId);
  for (
    const relation of ['card_secrets', 'private.card_secrets', 'idempotency_keys', 'settings', 'card_lots', 'users']
  ) {
    for (const schema of ['public', 'private', 'auth']) {
      for (const key of [stack.publishableKey, stack.secretKey]) {
        const bearer = key === stack.secretKey ? key : token;
        const response = await fetch(`${stack.apiUrl}/rest/v1/${relation}?select=*`, {
          headers: { apikey: key, authorization: `Bearer ${bearer}`, 'accept-profile': schema },
        });
        const text = await response.text();
        assert.ok(response.status >= 400 && response.status < 500, `${schema}.${relation}: ${response.status} ${text}`);
      }
    }
  }
});

Deno.test("direct access: the platform's costs → not readable for clients", async () => {
  const { clientId, brandId } = await busyTenant();
  const { client } = await signUpAs('client_admin', clientId);
  const { data } = await client.from('brand_denominations').select('denomination').eq('brand_id', brandId);
  assert.equal(data?.length, 1);
  for (const column of ['cost', 'price', '*']) {
    assert.ok((await client.from('brand_denominations').select(column).eq('brand_id', brandId)).error, column);
  }
  const pools = await client.from('gift_card_pools').select('cost_per_card').eq('client_id', clientId);
  assert.deepEqual(new Set(pools.data?.map(({ cost_per_card }) => cost_per_card)), new Set([null]));
  assert.equal((await client.from('billing_transactions').select('*').eq('client_id', clientId)).data?.length ?? 0, 0);
  const platform = await signUpAs('platform_admin');
  const bills = await platform.client.from('billing_transactions').select('cost_basis, price, margin').eq(
    'client_id',
    clientId,
  );
  assert.deepEqual(bills.data, [{ cost_basis: 23.5, price: 25, margin: 1.5 }]);
  const values = await platform.client.rpc('list_denominations').eq('brand_id', brandId).select('cost, price');
  assert.deepEqual(values.data, [{ cost: 23.5, price: null }]);
  const costs = await platform.client.from('gift_card_pools').select('cost_per_card').eq('client_id', clientId);
  assert.deepEqual(new Set(costs.data?.map(({ cost_per_card }) => cost_per_card)), new Set([23.5]));
});

Deno.test('views: a write to any of them → 403 (42501), not 500', async () => {
  const { clientId } = await promise({ cards: 0 });
  const admin = await signUpAs('client_admin', clientId);
  const views = await sql`
    select c.relname as name, (
      select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum limit 1) as field
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'`;
  assert.ok(views.length > 5);
  for (const { name, field } of views) {
    const writes = [
      admin.client.from(name).insert({ [field]: null }),
      admin.client.from(name).update({ [field]: null }).is(field, null),
      admin.client.from(name).delete().is(field, null),
    ];
    for (const { status, error } of await Promise.all(writes)) {
      assert.deepEqual([status, error?.code], [403, '42501'], `${name}: ${JSON.stringify(error)}`);
    }
  }
});
