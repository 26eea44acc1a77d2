import assert from 'node:assert/strict';
import { connect, kinds } from '../../support/crm.ts';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertUnsigned } from '../../support/expect.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise, stock } from '../../support/promise.ts';
import { messagesTo, messageTo } from '../../support/sandbox.ts';
import { failAt, sell, soldBy } from '../../support/suppliers.ts';

/** How many cards a tenant has given, and how many events it has stored. */
async function countsOf(clientId: string) {
  const [counts] = await sql`
    select (select count(*) from public.gift_card_grants where client_id = ${clientId}) as cards,
      (select count(*) from public.crm_events where client_id = ${clientId}) as events`;
  return { ...counts };
}

/** Waits until a stored event has a status. */
function eventIs(status: string, id: string) {
  return eventually(`event ${id} is ${status}`, async () => {
    const [event] = await sql`select * from public.crm_events where id = ${id} and status = ${status}`;
    return event;
  });
}

for (const kind of kinds) {
  Deno.test(`crm-webhook: an event signed by ${kind} → one card for its contact`, async () => {
    const promised = await promise({ cards: 2 });
    const { recipient, clientId, cards } = promised;
    const crm = await connect(promised, kind);
    const event = { contactId: recipient.id, eventId: crypto.randomUUID() };

    const first = await crm.tell(event);
    assertDone(first);
    assert.equal(first.body.events[0].status, 'provisioned');
    const { body } = await messageTo(recipient.phone);
    assert.ok(cards.some(({ code }) => body.includes(code)), body);
    assert.ok(!cards.some(({ code }) => first.text.includes(code)), 'The answer shows no code');

    const repeated = await crm.tell(event);
    assertDone(repeated);
    assert.deepEqual(repeated.body.events, first.body.events);
    assert.deepEqual(await countsOf(clientId), { cards: 1, events: 1 });
  });

  Deno.test(`crm-webhook: unsigned, old or wrongly signed by ${kind} → refused`, async () => {
    const promised = await promise();
    const contactId = promised.recipient.id;
    const crm = await connect(promised, kind);
    const forger = await connect(await promise(), kind);
    const names = ['webhook-signature', 'x-hubspot-signature-v3', 'x-ghl-signature'];
    for (
      const answer of [
        await crm.tell({ contactId }, { minutes: -1 - crm.maxAgeMinutes }),
        await crm.tell({ contactId }, { minutes: 6 }),
        await crm.tell({ contactId: 'somebody else' }, {
          body: JSON.stringify({ event_type: 'visit', contact_id: contactId }),
        }),
        await crm.tell({ contactId }, { headers: Object.fromEntries(names.map((name) => [name, ''])) }),
        await crm.tell({ contactId }, { headers: Object.fromEntries(names.map((name) => [name, 'v1,AAAA'])) }),
        await call(`crm-webhook/${crm.endpointId}`, { event_type: 'visit', contact_id: contactId }, { key: null }),
      ]
    ) assertUnsigned(answer);

    // Genuine for another endpoint.
    const other = await sql`select key from private.crm_keys where endpoint_id = ${forger.endpointId}`;
    await sql`update private.crm_keys set key = ${other[0].key} where endpoint_id = ${crm.endpointId}`;
    assertUnsigned(await crm.tell({ contactId }));
    assert.deepEqual(await countsOf(promised.clientId), { cards: 0, events: 0 });
  });
}

Deno.test('crm-webhook: an unknown or disabled endpoint → the error of a wrong signature', async () => {
  const promised = await promise();
  const crm = await connect(promised);
  await sql`update public.crm_endpoints set is_active = false where id = ${crm.endpointId}`;
  const off = assertUnsigned(await crm.tell({ contactId: promised.recipient.id }));
  for (const path of ['', '/', '/none', `/${crypto.randomUUID()}`, `/${crm.endpointId}/x`]) {
    const { message } = assertUnsigned(await call(`crm-webhook${path}`, {}, { key: null }));
    assert.equal(message, off.message);
  }
});

Deno.test('crm-webhook: an admin rotates the key with supabase-js → no event is lost', async () => {
  const promised = await promise({ cards: 3, recipients: 3 });
  const { client } = await signUpAs('client_admin', promised.clientId);
  const { data: endpoint, error } = await client.rpc('create_crm_endpoint', {
    client_id: promised.clientId,
    name: 'CRM',
  });
  assert.equal(error, null);
  const crm = await connect(promised);
  await sql`update private.crm_keys set key = ${endpoint.secret} where endpoint_id = ${crm.endpointId}`;

  const { data: changed } = await client.rpc('update_crm_endpoint_key', { endpoint_id: crm.endpointId });
  assert.match(changed.secret, /^whsec_/);
  const { data: keys } = await client.from('crm_keys' as never).select();
  assert.equal(keys, null);
  const { data: seen } = await client.from('crm_endpoints').select('id, kind').eq('id', endpoint.id);
  assert.deepEqual(seen, [{ id: endpoint.id, kind: 'standard' }]);

  const before = await sql`select key from private.crm_keys where endpoint_id = ${crm.endpointId} order by created_at`;
  assert.deepEqual(before.map(({ key }) => key), [endpoint.secret, changed.secret]);
});

Deno.test('crm-webhook: a replaced key → accepted until it expires', async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const [one, two] = promised.recipients;
  const crm = await connect(promised);
  const { client } = await signUpAs('client_admin', promised.clientId);
  await client.rpc('update_crm_endpoint_key', { endpoint_id: crm.endpointId });
  assertDone(await crm.tell({ contactId: one.id }));
  await sql`update private.crm_keys set expires_at = now() where endpoint_id = ${crm.endpointId} and expires_at is not null`;
  assertUnsigned(await crm.tell({ contactId: two.id }));
});

Deno.test('crm-webhook: an event without effect → stored with the reason, answered with 2xx', async () => {
  const promised = await promise();
  const crm = await connect(promised);
  for (const event of [{ contactId: 'nobody' }, { contactId: promised.recipient.id, name: 'unheard of' }]) {
    const answer = await crm.tell(event);
    assertDone(answer);
    assert.equal(answer.body.events[0].status, 'ignored', answer.text);
  }
  const { client } = await signUpAs('client_admin', promised.clientId);
  const { data } = await client.from('crm_events').select('status, event_type, contact_id, payload, message')
    .eq('endpoint_id', crm.endpointId).eq('contact_id', 'nobody');
  assert.deepEqual(data, [{
    status: 'ignored',
    event_type: 'visit',
    contact_id: 'nobody',
    payload: { event_type: 'visit', contact_id: 'nobody' },
    message: 'No recipient of the campaign has this contact id',
  }]);
});

Deno.test('crm-webhook: no stock → a pending reward, the event is updated when it is fulfilled', async () => {
  const promised = await promise({ cards: 0 });
  const crm = await connect(promised);
  const { body } = await crm.tell({ contactId: promised.recipient.id });
  assert.deepEqual([body.events[0].status, body.events[0].code], ['owed', 'GC-003']);
  await stock(promised.poolId, 1);
  await call('provision-gift-card-unified', { campaignId: promised.campaignId, recipientId: promised.recipient.id });
  const { gift_card_id } = await eventIs('provisioned', body.events[0].id);
  assert.ok(gift_card_id);
});

Deno.test('crm-webhook: a refused event after its cause is fixed → replayed from its row', async () => {
  const promised = await promise();
  const crm = await connect(promised);
  await sql`update public.campaigns set status = 'paused' where id = ${promised.campaignId}`;
  const { body } = await crm.tell({ contactId: promised.recipient.id });
  assert.deepEqual([body.events[0].status, body.events[0].code], ['refused', 'RB-400']);
  await sql`update public.campaigns set status = 'active' where id = ${promised.campaignId}`;

  const { client } = await signUpAs('client_admin', promised.clientId);
  const { data, error } = await client.rpc('replay_crm_event', {
    crm_event_id: body.events[0].id,
    reason: 'It runs again',
  });
  assert.equal(error, null);
  assert.equal(data.status, 'received');
  await eventIs('provisioned', data.id);
  assert.ok((await messageTo(promised.recipient.phone)).body.includes(promised.cards[0].code));
});

Deno.test('crm-webhook: a batch → an outcome and a card per event', async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const crm = await connect(promised, 'hubspot');
  const [one, two] = promised.recipients;
  const batch = [one.id, 'nobody', two.id].map((objectId, eventId) => ({
    eventId,
    subscriptionType: 'contact.creation',
    objectId,
  }));
  const answer = await crm.send(JSON.stringify(batch));
  assertDone(answer);
  const statuses = answer.body.events.map(({ status }: { status: string }) => status);
  assert.deepEqual(statuses, ['provisioned', 'ignored', 'provisioned'], answer.text);
  const cards = await sql`select gift_card_id from public.crm_events where endpoint_id = ${crm.endpointId}`;
  assert.equal(new Set(cards.map((event) => event.gift_card_id)).size, 3);
});

Deno.test('crm-webhook: the worker dies → the job processes its events', async () => {
  const promised = await promise();
  const crm = await connect(promised);
  const event = { eventId: 'e-1', names: ['visit'], contactId: promised.recipient.id, payload: {} };
  const [{ answer }] = await sql`
    select public.record_crm_events(${crm.endpointId}, ${
    sql.json([event])
  }, row(gen_random_uuid(), null, null, null, null)) as answer`;
  await sql`update public.crm_events set leased_until = now() where endpoint_id = ${crm.endpointId}`;
  await eventIs('provisioned', answer.result.events[0].id);
});

Deno.test('crm-webhook: no stock → the card is bought, the event is updated then', async () => {
  const promised = await promise({ cards: 0 });
  const { brandCode, supplier } = await sell(promised.brandId);
  const crm = await connect(promised);
  const answer = await crm.tell({ contactId: promised.recipient.id });
  assertDone(answer);
  assert.deepEqual([answer.body.events[0].status, answer.body.events[0].code], ['owed', 'GC-005']);
  await eventIs('provisioned', answer.body.events[0].id);
  const sold = await soldBy(supplier, brandCode);
  assert.equal(sold.length, 1);
  assert.ok((await messageTo(promised.recipient.phone)).body.includes(sold[0].code));
});

Deno.test('crm-webhook: cannot be bought → stays pending, fulfilled from new stock', async () => {
  const promised = await promise({ cards: 0 });
  const { brandCode, supplier } = await sell(promised.brandId);
  await failAt(supplier, brandCode, '072', { times: 1000 });
  const crm = await connect(promised);
  const { body } = await crm.tell({ contactId: promised.recipient.id });
  await eventually('the purchase is over', async () => {
    const [purchase] = await sql`
      select status from public.gift_card_purchases where campaign_id = ${promised.campaignId} and ended_at is not null`;
    return purchase;
  });
  await eventIs('owed', body.events[0].id);
  const [card] = await stock(promised.poolId, 1);
  await eventIs('provisioned', body.events[0].id);
  await eventually('the card arrives after the word that it will come', async () => {
    const messages = await messagesTo(promised.recipient.phone);
    return messages.some(({ body }) => body.includes(card.code));
  });
});

Deno.test('crm-webhook: HighLevel reports a lost opportunity → no card; a won one that matches the condition → card', async () => {
  const promised = await promise({ cards: 1 });
  const { recipient, clientId, campaignId } = promised;
  const crm = await connect(promised, 'gohighlevel');
  const { client } = await signUpAs('client_admin', clientId);
  const { error } = await client.rpc('update_campaign_condition', {
    campaign_id: campaignId,
    condition_number: 1,
    crm_event_name: 'OpportunityStatusUpdate',
    crm_event_match: { status: ['won'] },
  });
  assert.equal(error, null);
  const tell = (status: string) =>
    crm.send(JSON.stringify({
      type: 'OpportunityStatusUpdate',
      locationId: 'location-1',
      id: 'o-1',
      contactId: recipient.id,
      status,
      webhookId: crypto.randomUUID(),
      timestamp: new Date().toISOString(),
    }));
  assert.equal((await tell('lost')).body.events[0].status, 'ignored');
  assert.deepEqual(await countsOf(clientId), { cards: 0, events: 1 });
  assert.equal((await tell('won')).body.events[0].status, 'provisioned');
});

Deno.test('crm-webhook: a batch of HubSpot with one bad event → it is refused, and the other brings its card', async () => {
  const promised = await promise({ cards: 1 });
  const crm = await connect(promised, 'hubspot');
  const good = { eventId: 1, subscriptionId: 7, subscriptionType: 'contact.creation', objectId: promised.recipient.id };
  const { body } = await crm.send(JSON.stringify([{ subscriptionType: 'contact.creation' }, good]));
  const statuses = body.events.map(({ status }: { status: string }) => status);
  assert.deepEqual(statuses.toSorted(), ['provisioned', 'refused']);
});
