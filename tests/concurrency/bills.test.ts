import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { signUpAs } from '../support/people.ts';
import { promise } from '../support/promise.ts';
import { giveCredit, masterPool } from '../support/sales.ts';
import { atOnce, type Session, untilBlocked, withSessions } from '../support/sessions.ts';

/** Records the bill of a grant, as a provisioning does after its claim. */
const bill = (db: Session, facts: Record<string, unknown>, grantId: string, card: Record<string, unknown>) =>
  db`
    select private.record_billing(null, jsonb_populate_record(null::private.provisioning_facts, ${
    db.json(facts as Record<string, string>)
  }), ${grantId}, jsonb_populate_record(null::private.given_card, ${db.json(card as Record<string, string>)}))`;

Deno.test('record_billing: two open transactions bill one grant → one bill, a constraint refuses the other', async () => {
  const { clientId, campaignId, poolId, recipient } = await promise({ cards: 1 });
  const [{ grantId, cardId }] = await sql`
    with given as (
      insert into public.gift_card_grants (client_id, campaign_id, recipient_id, condition_number, surface)
      values (${clientId}, ${campaignId}, ${recipient.id}, 1, 'api') returning id)
    select given.id as "grantId", c.id as "cardId" from given, public.gift_cards c where c.pool_id = ${poolId}`;
  const [{ agencyId }] = await sql`select agency_id as "agencyId" from public.clients where id = ${clientId}`;
  const facts = {
    client_id: clientId,
    agency_id: agencyId,
    campaign_id: campaignId,
    recipient_id: recipient.id,
    currency: 'USD',
    denomination: 25,
  };
  const card = {
    id: cardId,
    source: 'inventory',
    cost: 23.5,
    stock_owner: 'platform',
    billing_entity: 'client',
    platform_price: 24,
    client_price: 25,
  };
  await withSessions(2, async ([first, second]) => {
    await first`begin`;
    await second`begin`;
    await bill(first, facts, grantId, card);
    const [waiting] = await untilBlocked(second, () => bill(second, facts, grantId, card));
    await first`commit`;
    await assert.rejects(waiting, { code: '23505', message: /billing_transactions_one_for_a_grant/ });
  });
  const bills = await sql`select id from public.billing_transactions where grant_id = ${grantId}`;
  assert.equal(bills.length, 1);
  await sql`select private.reverse_billing(${grantId}, null), private.cancel_grant(${grantId})`;
});

Deno.test('allocate_credit: in flight while the client moves to another agency → the move waits and is refused', async () => {
  const { clientId } = await promise({ cards: 0 });
  const { clientId: neighbour } = await promise({ cards: 0 });
  await giveCredit(clientId, 10);
  await sql`
    select private.post_credit('allocation_return', private.credit_account('client', c.id, 'USD'),
      private.credit_account('agency', c.agency_id, 'USD'), 10, ${crypto.randomUUID()})
    from public.clients c where c.id = ${clientId}`;
  await withSessions(2, async ([allocating, moving]) => {
    await allocating`begin`;
    await allocating`
      select private.post_credit('allocation', private.credit_account('agency', private.agency_to_give(${clientId}), 'USD'),
        private.credit_account('client', ${clientId}, 'USD'), 10, ${crypto.randomUUID()})`;
    const [waiting] = await untilBlocked(moving, () =>
      moving`
        update public.clients set agency_id = (select agency_id from public.clients where id = ${neighbour})
        where id = ${clientId}`);
    await allocating`commit`;
    await assert.rejects(waiting, /a client with credit stays with its agency/);
  });
});

Deno.test('charge_credit: two prepaid clients of a prepaid agency, cards provisioned, sold and returned at once → both levels exact', async () => {
  const CARDS = 24;
  const first = await promise({ cards: CARDS, recipients: CARDS });
  const second = await promise({ cards: CARDS, recipients: CARDS });
  const agencyOf = async (clientId: string): Promise<string> =>
    (await sql`select agency_id as id from public.clients where id = ${clientId}`)[0].id;
  const agencyId = await agencyOf(first.clientId);
  await sql`update public.clients set agency_id = ${agencyId} where id = ${second.clientId}`;
  const tenants = [first, second];
  for (const { brandId, clientId } of tenants) {
    await sql`update public.brand_denominations set price = 24 where brand_id = ${brandId}`;
    await sql`insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (${agencyId}, ${brandId}, 10)`;
    // enough for some of the cards at each level, and at neither for all
    await giveCredit(clientId, 10 * 26.4);
  }
  await giveCredit(first.clientId, 20 * 24, 'agency');
  const master = await masterPool(first.brandId, 4);

  const work = tenants.flatMap(({ recipients, campaignId, clientId }) =>
    recipients.map((recipient) => ({ recipient, campaignId, clientId }))
  ).sort((a, b) => a.recipient.id < b.recipient.id ? -1 : 1);
  const agents = new Map<string, string>();
  for (const { clientId } of tenants) agents.set(clientId, (await signUpAs('call_agent', clientId)).id);
  const codes: string[] = [];
  await atOnce(8, async (db, n) => {
    if (n === 0) {
      await db`select public.sell_gift_cards(${master}, ${first.clientId}, null, 2, null, row(gen_random_uuid(), null, null, null, null))`;
    }
    for (let next = work.shift(); next; next = work.shift()) {
      const [{ answer }] = await db`
        select public.provision_gift_card_for_call_center(null, null, ${next.recipient.id}, 1, 'sms',
          ${next.recipient.phone}, false,
          row(gen_random_uuid(), ${agents.get(next.clientId)!}, null, null, null)::public.request) as answer`;
      codes.push(answer.code ?? answer.outcome);
      if (answer.outcome === 'ok' && codes.length % 3 === 0) {
        const [back] = await db`
          select private.return_to_stock(c, null) as returned from private.lock_card(${answer.result.giftCard.id}) c
          where private.is_undisclosed(c)`;
        if (back) codes.push('returned');
      }
    }
  });
  assert.deepEqual([...new Set(codes)].sort(), ['GC-006', 'ok', 'returned']);

  // one look: meanwhile the job gives what waits for credit
  const clientIds = [first.clientId, second.clientId];
  const [after] = await sql`
    select (select sum(a.balance) from public.ledger_accounts a where a.owner_id = ${agencyId}) as agency,
      (select sum(a.balance) from public.ledger_accounts a where a.owner_id in ${sql(clientIds)}) as clients,
      ${20 * 24}::numeric - (
        select sum(b.platform_price) from public.billing_transactions b
        where b.client_id in ${sql(clientIds)} and b.sale_id is null) - (
        select coalesce(sum(s.platform_total_amount), 0) from public.admin_card_sales s where s.client_id in ${
    sql(clientIds)
  }) as agency_expected,
      ${2 * 10 * 26.4}::numeric - (
        select sum(b.client_price) from public.billing_transactions b
        where b.client_id in ${sql(clientIds)} and b.sale_id is null) - (
        select coalesce(sum(s.total_amount), 0) from public.admin_card_sales s where s.client_id in ${
    sql(clientIds)
  }) as clients_expected`;
  assert.deepEqual([after.agency, after.clients], [after.agency_expected, after.clients_expected]);
  assert.deepEqual([...await sql`select * from private.bills_off_the_ledger`], []);
  assert.deepEqual([...await sql`select * from private.sales_off`], []);
  assert.deepEqual([...await sql`select * from private.ledger_imbalances`], []);
});
