import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';
import { giveCredit } from '../support/sales.ts';
import { type Session, untilBlocked, withSessions } from '../support/sessions.ts';

/** Records the bill of a grant, as the last steps of a provisioning do. */
const bill = (db: Session, provisioning: Record<string, unknown>) =>
  db`
    select (private.record_billing(jsonb_populate_record(null::private.provisioning, ${
    db.json(provisioning as Record<string, string>)
  }))).billing_id`;

Deno.test('record_billing: two open transactions bill one grant → one bill, the other GC-007', async () => {
  const { clientId, campaignId, poolId, recipient } = await promise({ cards: 1 });
  const [{ grantId, cardId }] = await sql`
    with given as (
      insert into public.gift_card_grants (client_id, campaign_id, recipient_id, condition_number, surface)
      values (${clientId}, ${campaignId}, ${recipient.id}, 1, 'api') returning id)
    select given.id as "grantId", c.id as "cardId" from given, public.gift_cards c where c.pool_id = ${poolId}`;
  const provisioning = {
    client_id: clientId,
    campaign_id: campaignId,
    recipient_id: recipient.id,
    grant_id: grantId,
    gift_card_id: cardId,
    source: 'inventory',
    currency: 'USD',
    denomination: 25,
    cost: 23.5,
    stock_owner: 'platform',
    prices: { platform_price: 24, client_price: 25 },
    billing_entity: 'client',
  };
  await withSessions(2, async ([first, second]) => {
    await first`begin`;
    await second`begin`;
    await bill(first, provisioning);
    const [waiting] = await untilBlocked(second, () => bill(second, provisioning));
    await first`commit`;
    await assert.rejects(waiting, { code: 'GC007' });
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
