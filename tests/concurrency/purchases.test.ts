import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { provision } from '../support/gift_cards.ts';
import { promise } from '../support/promise.ts';
import { hurry, type OnSale, sell, soldBy, trigger } from '../support/suppliers.ts';

async function assertBooked(campaignId: string, { supplier, brandCode }: OnSale, howMany: number) {
  const sold = await soldBy(supplier, brandCode);
  const booked = await sql`
    select p.client_request_id, b.id as bill from public.gift_card_purchases p
    join public.gift_cards c on c.id = p.gift_card_id
    join public.billing_transactions b on b.gift_card_id = c.id
    where p.campaign_id = ${campaignId} and p.status = 'issued'`;
  assert.equal(sold.length, howMany);
  const idsOf = (ids: string[]) => ids.sort();
  assert.deepEqual(
    idsOf(booked.map((row) => row.client_request_id)),
    idsOf(sold.map(({ clientRequestId }) => clientRequestId)),
  );
  const violations = await sql`select * from private.supplier_purchases_without_end where id in (
    select id from public.gift_card_purchases where campaign_id = ${campaignId})`;
  assert.deepEqual([...violations], []);
}

Deno.test('supplier purchases: 16 requests for one reward → one card bought', async () => {
  const promised = await promise({ cards: 0 });
  const onSale = await sell(promised.brandId);
  const answers = await Promise.all(Array.from({ length: 16 }, () => provision(promised)));
  const kinds = Object.groupBy(answers, ({ status, body }) => (status === 200 ? 'given' : body.error.code));
  assert.equal(kinds.given?.length, 1);
  assert.deepEqual(Object.keys(kinds).filter((kind) => !['given', 'GC-005', 'GC-010'].includes(kind)), []);
  await assertBooked(promised.campaignId, onSale, 1);
});

Deno.test('supplier purchases: 16 requests with one key → one card bought, the same answer', async () => {
  const promised = await promise({ cards: 0 });
  const onSale = await sell(promised.brandId);
  const idempotencyKey = crypto.randomUUID();
  const answers = await Promise.all(Array.from({ length: 16 }, () => provision(promised, {}, { idempotencyKey })));
  const codes = new Set(answers.flatMap(({ body }) => body.giftCard?.code ?? []));
  assert.equal(codes.size, 1);
  await assertBooked(promised.campaignId, onSale, 1);
});

Deno.test('supplier purchases: 24 recipients, 8 cards in stock → 16 bought, one card each', async () => {
  const promised = await promise({ cards: 8, recipients: 24 });
  const onSale = await sell(promised.brandId);
  const answers = await Promise.all(promised.recipients.map((recipient) => provision({ ...promised, recipient })));
  assert.deepEqual(answers.map(({ status, text }) => (status === 200 ? '' : text)), answers.map(() => ''));
  assert.equal(new Set(answers.map(({ body }) => body.giftCard.code)).size, 24);
  const sources = Object.groupBy(answers, ({ body }) => body.source);
  assert.deepEqual([sources.inventory?.length, sources[onSale.supplier]?.length], [8, 16]);
  await assertBooked(promised.campaignId, onSale, 16);
});

Deno.test('reconcile-purchases: 8 workers on 24 abandoned purchases → none bought or billed twice', async () => {
  const promised = await promise({ cards: 0, recipients: 24 });
  const { campaignId, recipients } = promised;
  const onSale = await sell(promised.brandId);
  // No answer is recorded, as when a function dies before or after its call to the supplier.
  await sql`
    select public.provision_gift_card(${campaignId}, r.id, null, null, 1, 'sms', null,
      row(gen_random_uuid(), null, null, null, null)::public.request, ${onSale.suppliers}::text[])
    from unnest(${recipients.map(({ id }) => id)}::uuid[]) as r (id)`;
  await sql`update public.gift_card_purchases set leased_until = now() where campaign_id = ${campaignId}`;
  await eventually('all are issued', async () => {
    await hurry(campaignId);
    await Promise.all(Array.from({ length: 8 }, () => trigger('reconcile-purchases')));
    const [{ open }] = await sql`
      select count(*) as open from public.gift_card_purchases where campaign_id = ${campaignId} and ended_at is null`;
    return open === 0;
  });
  await assertBooked(campaignId, onSale, 24);
});
