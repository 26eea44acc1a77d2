import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';

/** An endpoint that no other test uses. */
async function endpointOf(clientId: string): Promise<string> {
  const [{ id }] = await sql`
    insert into public.webhook_endpoints (client_id, url) values (${clientId}, 'https://hooks.example.invalid/') returning id`;
  return id;
}

Deno.test('webhooks: a claim rolled back → no message; committed → one message', async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const endpointId = await endpointOf(promised.clientId);
  const give = (database: typeof sql, recipientId: string) =>
    database`select public.provision_gift_card(campaign_id => null, recipient_id => ${recipientId}, brand_id => null,
      denomination => null, condition_number => 1, delivery_method => null, deliver_to => null,
      request => row(gen_random_uuid(), null, null, null, null)::public.request,
      suppliers => '{}')`;
  const undone = new Error('undone');
  const rollback = sql.begin(async (transaction) => {
    await give(transaction as unknown as typeof sql, promised.recipients[0].id);
    const [{ told }] = await transaction`
      select count(*) as told from public.webhook_messages where endpoint_id = ${endpointId}`;
    assert.ok(told > 0, 'it is told in the same transaction');
    throw undone;
  });
  await assert.rejects(rollback, undone);
  await give(sql, promised.recipients[1].id);
  const told = await sql`
    select data ->> 'recipientId' as recipient from public.webhook_messages
    where endpoint_id = ${endpointId} and event_type = 'gift_card.provisioned'`;
  assert.deepEqual(told.map(({ recipient }) => recipient), [promised.recipients[1].id]);
});
