import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone } from '../../support/expect.ts';
import { provision, redeem } from '../../support/gift_cards.ts';
import { clientWith, type Person, signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { stack } from '../../support/stack.ts';
import { uniqueCard, uniquePhone } from '../../support/unique.ts';

async function rpc(person: Person, name: string, args: Record<string, unknown>) {
  const { data, error } = await person.client.rpc(name, args);
  assert.equal(error, null, `${name}: ${error?.message}`);
  return data;
}

Deno.test('admin: supabase-js alone, an empty client → a redeemed card', async () => {
  const { clientId, brandId } = await promise({ cards: 0, recipients: 0 });
  const admin = await signUpAs('client_admin', clientId);
  const campaign = await rpc(admin, 'create_campaign', { client_id: clientId, campaign_name: 'Autumn' });
  await rpc(admin, 'create_campaign_condition', {
    campaign_id: campaign.id,
    condition_number: 1,
    condition_name: 'Came back',
    brand_id: brandId,
    card_value: 25,
    is_self_service: true,
  });
  const pool = await rpc(admin, 'create_gift_card_pool', {
    client_id: clientId,
    brand_id: brandId,
    pool_name: 'Q4 $25',
    denomination: 25,
    cost_per_card: 23.5,
  });
  const phone = uniquePhone();
  const { rows: [recipient] } = await rpc(admin, 'import_recipients', {
    campaign_id: campaign.id,
    recipients: [{ firstName: 'Ada', email: 'Ada@Example.com', phone, externalCrmId: 'crm-1' }],
  });
  assert.match(recipient.redemptionCode, /^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$/);
  const card = uniqueCard();
  const uploaded = await admin.client.functions.invoke('upload-gift-cards', {
    body: { poolId: pool.id, cards: [card] },
  });
  assert.equal(uploaded.data.imported, 1);
  const answer = await redeem(recipient.redemptionCode);
  assertDone(answer);
  assert.equal(answer.body.giftCard.code, card.code);

  const actions = await sql`select action from public.audit_events where client_id = ${clientId} order by id`;
  assert.deepEqual(actions.map(({ action }) => action), [
    'campaign.created',
    'campaign_condition.created',
    'card_pool.created',
    'recipients.imported',
    'gift_cards.imported',
    'gift_card.provisioned',
  ]);
});

Deno.test('admin: agents, strangers and visitors → refused', async () => {
  const [mine, foreign] = [await promise({ cards: 0 }), await promise({ cards: 0 })];
  const entryPoints: [string, Record<string, unknown>][] = [
    ['create_gift_card_pool', { client_id: mine.clientId, brand_id: mine.brandId, pool_name: 'P', denomination: 25 }],
    ['create_gift_card_pool', { client_id: null, brand_id: mine.brandId, pool_name: 'Master', denomination: 25 }],
    ['create_campaign', { client_id: mine.clientId, campaign_name: 'C' }],
    ['create_campaign_condition', {
      campaign_id: mine.campaignId,
      condition_number: 9,
      condition_name: 'C',
      brand_id: mine.brandId,
      card_value: 25,
    }],
    ['import_recipients', { campaign_id: mine.campaignId, recipients: [{ firstName: 'Eve' }] }],
  ];
  const agent = await signUpAs('call_agent', mine.clientId);
  const stranger = await signUpAs('client_admin', foreign.clientId);
  const visitor = clientWith(stack.publishableKey);
  for (const [name, args] of entryPoints) {
    const isMaster = args.client_id === null;
    assert.equal((await agent.client.rpc(name, args)).error?.code, isMaster ? 'RB404' : 'RB403', name);
    assert.equal((await stranger.client.rpc(name, args)).error?.code, 'RB404', name);
    assert.ok((await visitor.rpc(name, args)).error, name);
  }
  const [{ pools }] = await sql`select count(*) as pools from public.card_pools where brand_id = ${mine.brandId}`;
  assert.equal(pools, 1);
});

Deno.test("admin: the document's query of pool counters → exact", async () => {
  const promised = await promise({ cards: 4, recipients: 2 });
  const admin = await signUpAs('client_admin', promised.clientId);
  assertDone(await provision(promised));
  assertDone(await provision({ ...promised, recipient: promised.recipients[1] }, { deliveryMethod: 'sms' }));

  const { data: pool } = await admin.client
    .from('gift_card_pools')
    .select('total_cards, available_cards, claimed_cards, delivered_cards')
    .eq('id', promised.poolId)
    .single();
  assert.equal(pool!.total_cards, 4);
  assert.equal(pool!.available_cards, 2);
  assert.equal(pool!.claimed_cards + pool!.delivered_cards, 2);
  assert.equal((pool!.available_cards / pool!.total_cards) * 100, 50);
});

Deno.test("admin: the document's other queries → work through row-level security", async () => {
  const promised = await promise();
  await sql`
    update public.campaign_recipients set external_crm_id = 'crm-123' where id = ${promised.recipient.id}`;
  await sql`
    update public.campaign_conditions set crm_event_name = 'appointment_scheduled'
    where campaign_id = ${promised.campaignId}`;
  const { client } = await signUpAs('client_admin', promised.clientId);
  assertDone(await provision(promised, { deliveryMethod: 'sms' }));

  const byCrm = await client.from('recipients').select('*')
    .eq('campaign_id', promised.campaignId).eq('external_crm_id', 'crm-123').single();
  assert.equal(byCrm.data?.id, promised.recipient.id);
  const condition = await client.from('campaign_conditions').select('*')
    .eq('campaign_id', promised.campaignId).eq('crm_event_name', 'appointment_scheduled').single();
  assert.equal(condition.data?.condition_number, 1);
  const existing = await client.from('gift_cards').select('*').eq('recipient_id', promised.recipient.id).maybeSingle();
  assert.equal(existing.data?.pool_id, promised.poolId);
  const log = await client.from('sms_delivery_log').select('*').eq('gift_card_id', existing.data.id);
  assert.equal(log.error, null);
});

Deno.test("admin: the document's trace queries → name the failed step", async () => {
  const promised = await promise({ cards: 0 });
  const { body } = await provision(promised);
  const admin = await signUpAs('client_admin', promised.clientId);
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
  const { data: recent } = await admin.client.from('gift_card_provisioning_trace').select('*')
    .gt('created_at', anHourAgo).order('created_at', { ascending: false });
  assert.deepEqual(new Set(recent!.map(({ request_id }) => request_id)), new Set([body.error.requestId]));
  const { data: failed } = await admin.client.from('gift_card_provisioning_trace')
    .select('request_id, step_name, error_code, error_message, created_at').eq('status', 'failed');
  assert.deepEqual(failed!.map(({ step_name, error_code }) => [step_name, error_code]), [[
    'Start purchase',
    'GC-003',
  ]]);
});

Deno.test("admin: the document's four SQL queries → run unchanged", async () => {
  const promised = await promise({ cards: 2 });
  assertDone(await provision(promised));
  const document = [
    `SELECT
       c.campaign_name,
       cc.condition_name,
       cc.brand_id,
       cc.card_value,
       gb.brand_name
     FROM campaigns c
     LEFT JOIN campaign_conditions cc ON cc.campaign_id = c.id
     LEFT JOIN gift_card_brands gb ON gb.id = cc.brand_id
     WHERE c.id = 'YOUR_CAMPAIGN_ID';`,
    `SELECT
       brand_id,
       denomination,
       COUNT(*) FILTER (WHERE status = 'available') as available,
       COUNT(*) as total
     FROM gift_card_inventory
     GROUP BY brand_id, denomination;`,
    `SELECT * FROM gift_card_provisioning_trace
     WHERE created_at > NOW() - INTERVAL '1 hour'
     ORDER BY created_at DESC;`,
    `SELECT
       request_id,
       step_name,
       error_code,
       error_message,
       created_at
     FROM gift_card_provisioning_trace
     WHERE status = 'failed'
       AND created_at > NOW() - INTERVAL '24 hours'
     ORDER BY created_at DESC;`,
  ];
  const [configuration, inventory, recent] = await Promise.all(
    document.map((query) => sql.unsafe(query.replace('YOUR_CAMPAIGN_ID', promised.campaignId))),
  );
  assert.deepEqual(
    configuration.map(({ condition_name, brand_id, card_value }) => [condition_name, brand_id, card_value]),
    [['Condition 1', promised.brandId, 25]],
  );
  const [stocked] = inventory.filter(({ brand_id }) => brand_id === promised.brandId);
  assert.deepEqual([stocked.available, stocked.total], [1, 2]);
  assert.ok(recent.some(({ recipient_id }) => recipient_id === promised.recipient.id));
});

Deno.test("admin: the status of a delivery → readable by its client's staff through the tables", async () => {
  const [mine, foreign] = [await promise(), await promise()];
  const agent = await signUpAs('call_agent', mine.clientId);
  const ids = await Promise.all(
    [mine, foreign].map(async (promised) => (await provision(promised, { deliveryMethod: 'sms' })).body.delivery.id),
  );
  const { data } = await agent.client.from('deliveries').select('id, status').in('id', ids);
  assert.deepEqual(data!.map(({ id }) => id), [ids[0]]);
});
