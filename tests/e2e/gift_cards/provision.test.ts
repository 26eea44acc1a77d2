import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { deliveryIs, forgetDebts, provision, traceOf } from '../../support/gift_cards.ts';
import { clientWith, signUpAs } from '../../support/people.ts';
import { promise, type Promised, stock } from '../../support/promise.ts';
import { messageTo } from '../../support/sandbox.ts';
import { stack } from '../../support/stack.ts';
import type { Code } from '../../../supabase/functions/_shared/http/errors.ts';

Deno.test("provision-gift-card-unified: the document's call by an admin and a server → a card", async () => {
  const { campaignId, brandId, clientId, recipients, cards } = await promise({ cards: 2, recipients: 2 });
  const admin = await signUpAs('client_admin', clientId);
  const callers = [admin.client, clientWith(stack.secretKey)];
  const given = await Promise.all(callers.map(async (supabase, index) => {
    const { data, error } = await supabase.functions.invoke('provision-gift-card-unified', {
      body: { campaignId, recipientId: recipients[index].id, brandId, denomination: 25, conditionNumber: 1 },
    });
    assert.equal(error, null);
    assert.equal(data.delivery, null);
    assert.equal(data.giftCard.status, 'delivered');
    return data.giftCard.code;
  }));
  assert.deepEqual(new Set(given), new Set(cards.map(({ code }) => code)));
  const grants = await sql`select granted_by from public.gift_card_grants where campaign_id = ${campaignId}`;
  assert.deepEqual(new Set(grants.map(({ granted_by }) => granted_by)), new Set([admin.id, null]));
});

Deno.test('provision-gift-card-unified: brand and value → from the condition; other ones → refused', async () => {
  const promised = await promise();
  const other = await promise({ cards: 0 });
  assertRefused(await provision(promised, { brandId: other.brandId }), 'GC-012');
  assertRefused(await provision(promised, { denomination: 50 }), 'GC-012');
  assertRefused(await provision(promised, { denomination: '25.01' }), 'GC-012');
  const answer = await provision(promised, { denomination: '25.00' });
  assertDone(answer);
  assert.deepEqual([answer.body.giftCard.brandId, answer.body.giftCard.denomination], [promised.brandId, 25]);
});

Deno.test('provision-gift-card-unified: deliverTo another address → sent there', async () => {
  const promised = await promise();
  const { body } = await provision(promised, { deliveryMethod: 'email', deliverTo: `x-${promised.recipient.email}` });
  await deliveryIs('delivered', body.delivery.id);
  assert.ok((await messageTo(`x-${promised.recipient.email}`)).body.includes(body.giftCard.code));
});

Deno.test('provision-gift-card-unified: the same recipient, campaign and condition → GC-010', async () => {
  const promised = await promise({ cards: 2 });
  const { campaignId, clientId, brandId } = promised;
  await sql`
    insert into public.campaign_conditions (
      client_id, campaign_id, condition_number, condition_name, brand_id, card_value)
    values (${clientId}, ${campaignId}, 2, 'Condition 2', ${brandId}, 25)`;
  assertDone(await provision(promised));
  assertRefused(await provision(promised), 'GC-010');
  assertDone(await provision(promised, { conditionNumber: 2 }));
});

// Each row: what stands in the way, and the refusal it comes to.
const OBSTACLES: [string, (promised: Promised) => Promise<unknown>, Code][] = [
  [
    'a condition without a brand',
    ({ campaignId }) => sql`update public.campaign_conditions set brand_id = null where campaign_id = ${campaignId}`,
    'GC-001',
  ],
  [
    'a condition without a value',
    ({ campaignId }) => sql`update public.campaign_conditions set card_value = null where campaign_id = ${campaignId}`,
    'GC-001',
  ],
  [
    'a condition that does not exist',
    ({ campaignId }) =>
      sql`update public.campaign_conditions set condition_number = 7 where campaign_id = ${campaignId}`,
    'GC-001',
  ],
  [
    'a brand that is switched off',
    ({ brandId }) => sql`update public.gift_card_brands set is_enabled = false where id = ${brandId}`,
    'GC-002',
  ],
  [
    'a value that the brand has not',
    ({ brandId }) => sql`update public.brand_denominations set is_enabled = false where brand_id = ${brandId}`,
    'GC-002',
  ],
  [
    'a brand that is switched off for the client',
    ({ brandId, clientId }) =>
      sql`insert into public.client_brands (client_id, brand_id, is_enabled) values (${clientId}, ${brandId}, false)`,
    'GC-002',
  ],
  [
    'a pool that is switched off',
    ({ poolId }) => sql`update public.card_pools set is_active = false where id = ${poolId}`,
    'GC-003',
  ],
  [
    'no billing entity',
    ({ campaignId }) => sql`update public.campaigns set billing_entity = null where id = ${campaignId}`,
    'GC-008',
  ],
  [
    'no opt-in where one is required',
    ({ campaignId }) =>
      sql`update public.campaign_conditions set requires_opt_in = true where campaign_id = ${campaignId}`,
    'GC-009',
  ],
  [
    'a campaign that is paused',
    ({ campaignId }) => sql`update public.campaigns set status = 'paused' where id = ${campaignId}`,
    'RB-400',
  ],
];

for (const [what, put, code] of OBSTACLES) {
  Deno.test(`provision-gift-card-unified: ${what} → ${code} with a trace, no card lost`, async () => {
    const promised = await promise();
    await put(promised);
    const { requestId } = assertRefused(await provision(promised), code);
    const last = (await traceOf(requestId)).at(-1)!;
    assert.deepEqual([last.status, last.error_code, last.campaign_id], ['failed', code, promised.campaignId]);
    const cards = await sql`select status from public.gift_cards where pool_id = ${promised.poolId}`;
    assert.deepEqual(cards.map(({ status }) => status), ['available']);
    const grants = await sql`select id from public.gift_card_grants where campaign_id = ${promised.campaignId}`;
    assert.equal(grants.length, 0);
  });
}

Deno.test("provision-gift-card-unified: several pools → the campaign's, then the client's, then the master", async () => {
  const promised = await promise({ cards: 1, recipients: 4 });
  const { clientId, brandId, campaignId } = promised;
  const [{ id: own }] = await sql`
    insert into public.card_pools (client_id, brand_id, pool_name, denomination, campaign_id, cost_per_card)
    values (${clientId}, ${brandId}, 'Campaign pool', 25, ${campaignId}, 23) returning id`;
  const [{ id: master }] = await sql`
    insert into public.card_pools (brand_id, pool_name, denomination, pool_type, cost_per_card)
    values (${brandId}, 'Master pool', 25, 'master', 23) returning id`;
  const cards = [(await stock(own, 1))[0], promised.cards[0], (await stock(master, 1))[0]];
  const give = (index: number) => provision({ campaignId, recipient: promised.recipients[index] });

  assert.equal((await give(0)).body.giftCard.code, cards[0].code);
  assert.equal((await give(1)).body.giftCard.code, cards[1].code);
  assertRefused(await give(2), 'GC-003'); // the master pool is not allowed yet
  await forgetDebts(campaignId);
  await sql`insert into public.client_brands (client_id, brand_id) values (${clientId}, ${brandId})`;
  assert.equal((await give(2)).body.giftCard.code, cards[2].code);
  assertRefused(await give(3), 'GC-003');
});

Deno.test('provision-gift-card-unified: cards with expiries → the earliest first, expired ones never', async () => {
  const promised = await promise({ cards: 1, recipients: 2 });
  const { campaignId, poolId, clientId, recipients } = promised;
  const soon = await stock(poolId, 1);
  // Backdated: an upload would not take it.
  for (const [code, expiry] of [[soon[0].code, '3 days'], [promised.cards[0].code, '-1 day']]) {
    await sql`
      with lot as (
        insert into private.card_lots (pool_id, expires_at) values (${poolId}, now() + ${expiry}::interval) returning *)
      update public.gift_cards c set lot_id = lot.id, expires_at = lot.expires_at
      from lot where c.client_id = ${clientId} and c.pool_id = ${poolId} and c.code_last4 = ${code.slice(-4)}`;
  }
  await stock(poolId, 1);
  assert.equal((await provision({ campaignId, recipient: recipients[0] })).body.giftCard.code, soon[0].code);
  assertDone(await provision({ campaignId, recipient: recipients[1] }));
  const [{ recipient_id: holder }] = await sql`
    select recipient_id from public.gift_cards where pool_id = ${poolId} and expires_at < now()`;
  assert.equal(holder, null);
});
