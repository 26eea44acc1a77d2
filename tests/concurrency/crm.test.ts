import assert from 'node:assert/strict';
import { connect } from '../support/crm.ts';
import { sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';

const AT_ONCE = 64;

Deno.test('crm-webhook: the same event 64 times at once → stored once, one card', async () => {
  const promised = await promise({ cards: AT_ONCE });
  const crm = await connect(promised);
  const event = { contactId: promised.recipient.id, eventId: crypto.randomUUID() };
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => crm.tell(event)));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  const [counts] = await sql`
    select (select count(*) from public.gift_cards where recipient_id = ${promised.recipient.id}) as cards,
      (select count(*) from public.deliveries where recipient_id = ${promised.recipient.id}) as deliveries,
      (select count(*) from public.crm_events where endpoint_id = ${crm.endpointId} and status = 'provisioned') as events`;
  assert.deepEqual({ ...counts }, { cards: 1, deliveries: 1, events: 1 });
});

Deno.test('crm-webhook: 64 events of one contact for one reward at once → one card, the others refused', async () => {
  const promised = await promise({ cards: AT_ONCE });
  const crm = await connect(promised);
  const contactId = promised.recipient.id;
  const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => crm.tell({ contactId })));
  const codes = answers.map(({ body }) => body.events[0].code ?? body.events[0].status).sort();
  assert.deepEqual(codes, [...Array(AT_ONCE - 1).fill('GC-010'), 'provisioned']);
});
