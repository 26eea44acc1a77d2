import assert from 'node:assert/strict';
import { Refusal } from '../http/errors.ts';
import { gohighlevel } from './gohighlevel.ts';
import { hubspot } from './hubspot.ts';
import type { Call, Crm } from './port.ts';
import { standard } from './standard.ts';

function read(crm: Crm, body: unknown, headers: Record<string, string> = { 'webhook-id': 'msg_1' }) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const call: Call = {
    method: 'POST',
    url: 'https://x.example/',
    headers: new Headers(headers),
    body: new TextEncoder().encode(text),
  };
  return crm.read(call);
}

Deno.test('standard: the event of the gift card document → read unchanged', () => {
  const payload = { event_type: 'appointment_scheduled', contact_id: 'crm-123', campaign_id: 'camp-456' };
  assert.deepEqual(read(standard, payload), [
    {
      eventId: 'msg_1',
      names: ['appointment_scheduled'],
      contactId: 'crm-123',
      campaign: 'camp-456',
      account: null,
      negatives: [],
      payload,
    },
  ]);
});

Deno.test("standard: the specification's envelope, numeric ids → read", () => {
  const payload = { type: 'visit', timestamp: '2026-11-01T00:00:00Z', data: { contactId: 17, campaignId: 'c' } };
  const [{ names, contactId, campaign }] = read(standard, payload);
  assert.deepEqual([names, contactId, campaign], [['visit'], '17', 'c']);
});

Deno.test('standard: no event type or contact → stored with its payload', () => {
  const [{ names, contactId }] = read(standard, { type: '', contact_id: null, data: [] });
  assert.deepEqual([names, contactId], [[], null]);
});

Deno.test('crm: characters that jsonb cannot store → escaped', () => {
  let nested: unknown = 'end';
  for (let level = 0; level < 2000; level++) nested = { nested };
  const [{ payload, contactId }] = read(standard, {
    type: 'a',
    contact_id: 'a\0b',
    note: 'x\0\ud800',
    'k\0': 1,
    nested,
  });
  const text = JSON.stringify(payload);
  assert.equal(contactId, 'ab');
  assert.ok(!text.includes('\\u0000') && text.isWellFormed() && text.length < 1000, text);
});

Deno.test('crm: a body of another shape → refused', () => {
  const bodies: [Crm, unknown][] = [
    [standard, 'no JSON'],
    [standard, '[]'],
    [hubspot, '{}'],
    [hubspot, Array.from({ length: 101 }, (_, eventId) => ({ eventId, subscriptionType: 'contact.creation' }))],
    [gohighlevel, { type: 'ContactCreate', timestamp: 1 }],
  ];
  for (const [crm, body] of bodies) {
    assert.throws(() => read(crm, body), (error: Refusal) => error.code === 'RB-400');
  }
  assert.throws(
    () => read(standard, {}, { 'webhook-id': 'x'.repeat(201) }),
    (error: Refusal) => error.code === 'RB-400',
  );
});

Deno.test('hubspot: a batch → an id per event, and the names that conditions may use', () => {
  const events = read(hubspot, [
    { eventId: 1, subscriptionId: 7, subscriptionType: 'contact.creation', objectId: 501, occurredAt: 1708986598741 },
    {
      eventId: 1,
      subscriptionId: 8,
      subscriptionType: 'contact.propertyChange',
      objectId: 501,
      propertyName: 'lifecyclestage',
      propertyValue: 'customer',
    },
  ]);
  assert.deepEqual(events.map(({ eventId, names, contactId }) => [eventId, names, contactId]), [
    ['7:1:501:1708986598741', ['contact.creation'], '501'],
    ['8:1:501:', [
      'contact.propertyChange:lifecyclestage=customer',
      'contact.propertyChange:lifecyclestage',
      'contact.propertyChange',
    ], '501'],
  ]);
});

Deno.test('hubspot: a retried event → the same key, from all fields that retries share', () => {
  const event = {
    eventId: 1,
    subscriptionId: 7,
    subscriptionType: 'contact.creation',
    objectId: 501,
    occurredAt: 1708986598741,
    attemptNumber: 0,
  };
  const idOf = (over: object) => read(hubspot, [{ ...event, ...over }])[0].eventId;
  assert.equal(idOf({ attemptNumber: 3 }), idOf({}));
  for (const over of [{ eventId: 2 }, { subscriptionId: 8 }, { objectId: 502 }, { occurredAt: 1708986598742 }]) {
    assert.notEqual(idOf(over), idOf({}), JSON.stringify(over));
  }
});

Deno.test('hubspot: old and new type names → a contact only for contact events', () => {
  const readOne = (event: object) => {
    const [{ names, contactId }] = read(hubspot, [{ eventId: 1, ...event }]);
    return [names.at(-1), contactId];
  };
  assert.deepEqual(readOne({ subscriptionType: 'deal.creation', objectId: 501 }), ['deal.creation', null]);
  assert.deepEqual(readOne({ subscriptionType: 'object.creation', objectTypeId: '0-3', objectId: 501 }), [
    'object.creation',
    null,
  ]);
  assert.deepEqual(readOne({ subscriptionType: 'object.creation', objectTypeId: '0-1', objectId: 501 }), [
    'contact.creation',
    '501',
  ]);
  assert.deepEqual(
    readOne({ subscriptionType: 'contact.associationChange', fromObjectId: 501, toObjectId: 9 }),
    ['contact.associationChange', '501'],
  );
});

Deno.test('crm: one key for many accounts → the event names its account', () => {
  const portal = { eventId: 1, subscriptionType: 'contact.creation', objectId: 501, portalId: 62515 };
  assert.equal(read(hubspot, [portal])[0].account, '62515');
  const head = { type: 'ContactCreate', webhookId: 'w-1', timestamp: '2026-11-01T00:00:00Z' };
  assert.equal(read(gohighlevel, { ...head, locationId: 'loc-1' })[0].account, 'loc-1');
  assert.equal(read(gohighlevel, { ...head, data: { locationId: 'loc-1' } })[0].account, 'loc-1');
  assert.equal(read(gohighlevel, head)[0].account, null);
});

Deno.test('crm: an id that JSON rounds → no contact', () => {
  assert.equal(read(standard, '{"type":"visit","contact_id":90071992547409931}')[0].contactId, null);
  assert.equal(read(standard, '{"type":"visit","contact_id":9007199254740991}')[0].contactId, '9007199254740991');
});

Deno.test('gohighlevel: contact in the event, in its appointment, or the event itself → found', () => {
  const head = { webhookId: 'w-1', timestamp: '2026-11-01T00:00:00Z' };
  const contactOf = (fields: object) => read(gohighlevel, { ...head, ...fields })[0].contactId;
  assert.equal(contactOf({ type: 'OpportunityStatusUpdate', id: 'o-1', contactId: 'c-1' }), 'c-1');
  assert.equal(contactOf({ type: 'AppointmentCreate', appointment: { id: 'a-1', contactId: 'c-1' } }), 'c-1');
  assert.equal(contactOf({ type: 'ContactTagUpdate', id: 'c-1' }), 'c-1');
  assert.equal(contactOf({ type: 'InvoicePaid', id: 'i-1' }), null);
  assert.equal(contactOf({ type: 'InvoicePaid', id: 'i-1', contactDetails: { id: 'c-1' } }), 'c-1');
  for (const told of [{ contactId: 'c-1' }, { appointment: { contactId: 'c-1' } }]) {
    assert.equal(contactOf({ type: 'AppointmentCreate', id: 'e-1', data: { id: 'a-1', ...told } }), 'c-1');
  }
  assert.equal(contactOf({ type: 'ContactCreate', data: { id: 'c-1' } }), 'c-1');
});

Deno.test('hubspot: one bad event of a batch → stored with its problem, and the others are taken', () => {
  const good = { eventId: 1, subscriptionType: 'contact.creation', objectId: 501 };
  const events = read(hubspot, [{ subscriptionType: 'contact.creation' }, good, 'nonsense']);
  assert.deepEqual(events.map(({ names, contactId }) => [names, contactId]), [
    [[], null],
    [['contact.creation'], '501'],
    [[], null],
  ]);
  assert.match(events[0].problem!, /^eventId: /);
  assert.match(events[0].eventId, /^unreadable:[0-9a-f]{64}$/);
  assert.equal(events[1].problem, undefined);
  assert.notEqual(events[2].eventId, events[0].eventId);
});

Deno.test('hubspot: the example that its documentation prints → taken', () => {
  const [event] = read(hubspot, [{
    objectId: 1246965,
    propertyName: 'lifecyclestage',
    propertyValue: 'subscriber',
    changeSource: 'ACADEMY',
    eventId: 3816279340,
    subscriptionId: 25,
    portalId: 33,
    appId: 1160452,
    occurredAt: 1462216307945,
    eventType: 'contact.propertyChange',
    attemptNumber: 0,
  }]);
  assert.deepEqual([event.names[0], event.contactId], ['contact.propertyChange:lifecyclestage=subscriber', '1246965']);
});

Deno.test('hubspot: object.associationChange → the contact of either side, and none without one', () => {
  const readOne = (over: object) => {
    const told = {
      eventId: 1,
      subscriptionType: 'object.associationChange',
      fromObjectId: 501,
      toObjectId: 9,
      ...over,
    };
    const [{ names, contactId, negatives }] = read(hubspot, [told]);
    return [names, contactId, negatives];
  };
  const type = { associationType: 'CONTACT_TO_COMPANY', fromObjectTypeId: '0-1', toObjectTypeId: '0-2' };
  const names = ['contact.associationChange:CONTACT_TO_COMPANY', 'contact.associationChange'];
  assert.deepEqual(readOne({ ...type, associationRemoved: false }), [names, '501', []]);
  assert.deepEqual(readOne({ ...type, associationRemoved: true }), [names, '501', ['associationRemoved']]);
  assert.deepEqual(readOne({ fromObjectTypeId: '0-2', toObjectTypeId: '0-1' }), [
    ['contact.associationChange'],
    '9',
    [],
  ]);
  assert.deepEqual(readOne({ fromObjectTypeId: '0-2', toObjectTypeId: '0-3' }), [
    ['object.associationChange'],
    null,
    [],
  ]);
});

Deno.test('hubspot: a merge → the surviving id, and those that it replaces; privacyDeletion → an erasure', () => {
  const merge = {
    eventId: 1,
    subscriptionType: 'contact.merge',
    objectId: 501,
    primaryObjectId: 501,
    mergedObjectIds: [502],
  };
  const [kept] = read(hubspot, [merge]);
  assert.deepEqual([kept.contactId, kept.merged], ['501', ['502']]);
  const [made] = read(hubspot, [{ ...merge, newObjectId: 600 }]);
  assert.deepEqual([made.contactId, made.merged], ['600', ['501', '502']]);
  const [erased] = read(hubspot, [{ eventId: 1, subscriptionType: 'contact.privacyDeletion', objectId: 501 }]);
  assert.deepEqual([erased.contactId, erased.isErasure, kept.isErasure], ['501', true, false]);
});

Deno.test('gohighlevel: an invoice → its location from altId', () => {
  const head = {
    type: 'InvoicePaid',
    webhookId: 'w-1',
    timestamp: '2026-11-01T00:00:00Z',
    contactDetails: { id: 'c-1' },
  };
  const accountOf = (fields: object) => read(gohighlevel, { ...head, ...fields })[0].account;
  assert.equal(accountOf({ altId: 'loc-1', altType: 'location' }), 'loc-1');
  assert.equal(accountOf({ altId: 'loc-1' }), 'loc-1');
  assert.equal(accountOf({ data: { altId: 'loc-1', altType: 'location' } }), 'loc-1');
  assert.equal(accountOf({ altId: 'company-1', altType: 'company' }), null);
  assert.equal(accountOf({ locationId: 'loc-2', altId: 'loc-1' }), 'loc-2');
});

Deno.test('crm: an event with a negative outcome → names the field that says so', () => {
  const head = { webhookId: 'w-1', timestamp: '2026-11-01T00:00:00Z' };
  const negativesOf = (fields: object) => read(gohighlevel, { ...head, ...fields })[0].negatives;
  assert.deepEqual(negativesOf({ type: 'OpportunityStatusUpdate', status: 'lost' }), ['status']);
  assert.deepEqual(negativesOf({ type: 'OpportunityStatusUpdate', status: 'abandoned' }), ['status']);
  assert.deepEqual(negativesOf({ type: 'OpportunityStatusUpdate', status: 'won' }), []);
  assert.deepEqual(negativesOf({ type: 'AppointmentUpdate', appointment: { appoinmentStatus: 'cancelled' } }), [
    'appointment.appoinmentStatus',
  ]);
  assert.deepEqual(negativesOf({ type: 'AppointmentUpdate', data: { appointment: { appointmentStatus: 'noshow' } } }), [
    'appointment.appointmentStatus',
  ]);
  assert.deepEqual(negativesOf({ type: 'ContactTagUpdate', id: 'c-1', tags: [] }), ['tags']);
  assert.deepEqual(negativesOf({ type: 'ContactTagUpdate', id: 'c-1', tags: ['vip'] }), []);
  assert.deepEqual(read(standard, { type: 'deal', data: { status: 'Canceled' } })[0].negatives, ['status']);
});
