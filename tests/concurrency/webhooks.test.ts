import assert from 'node:assert/strict';
import { connect, sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';

/** An endpoint that nobody else uses, with so many messages that are due. */
async function endpointOf(clientId: string, messages = 0): Promise<string> {
  const [{ id }] = await sql`
    insert into public.webhook_endpoints (client_id, url) values (${clientId}, 'https://hooks.example.invalid/') returning id`;
  await sql`
    insert into public.webhook_messages (client_id, endpoint_id, event_type, data)
    select ${clientId}, ${id}, 'webhook.test', '{}' from generate_series(1, ${messages})`;
  return id;
}

Deno.test('webhooks: a claim that is undone tells nothing, one that is committed tells once', async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const endpointId = await endpointOf(promised.clientId);
  const give = (database: typeof sql, recipientId: string) =>
    database`select public.provision_gift_card(
      actor => null, campaign_id => null, recipient_id => ${recipientId}, brand_id => null, denomination => null,
      condition_number => 1, delivery_method => null, deliver_to => null, request_id => gen_random_uuid(),
      idempotency_key => null, request_hash => null, suppliers => '{}')`;
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

Deno.test('webhooks: workers that lease at once never get the same try, nor more than two of an endpoint in a turn', async () => {
  const { clientId } = await promise({ cards: 0 });
  const endpointId = await endpointOf(clientId, 40);
  const workers = Array.from({ length: 8 }, () => connect(undefined, 1));
  const attempts: string[] = [];
  let mostAtOnce = 0;
  await Promise.all(workers.map(async (worker) => {
    for (let round = 0; round < 10; round++) {
      // in a transaction of its own each, which is when two workers could see the same message
      const leased = await worker`
        select l.id, l.message_id from private.lease_webhooks(8) l
        join public.webhook_messages m on m.id = l.message_id where m.endpoint_id = ${endpointId}`;
      attempts.push(...leased.map(({ message_id }) => message_id));
      mostAtOnce = Math.max(mostAtOnce, leased.length);
      for (const { id } of leased) {
        await worker`
          select public.complete_webhook_attempt(a.id, m.lease_token, 'delivered', 200, null, 1)
          from public.webhook_attempts a join public.webhook_messages m on m.id = a.message_id where a.id = ${id}`;
      }
    }
  }));
  await Promise.all(workers.map((worker) => worker.end()));
  assert.ok(attempts.length > 0);
  assert.equal(new Set(attempts).size, attempts.length);
  assert.ok(mostAtOnce <= 2, String(mostAtOnce));
  const counts = await sql`
    select count(*) as tries, count(distinct message_id) as messages from public.webhook_attempts
    where message_id in (select id from public.webhook_messages where endpoint_id = ${endpointId})`;
  assert.equal(counts[0].tries, counts[0].messages);
});
