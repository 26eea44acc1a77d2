import assert from 'node:assert/strict';
import { readEvents } from './read_events.ts';

const attempt = '0f0e0d0c-0b0a-4908-8706-050403020100';

function read(over: Record<string, unknown>) {
  const [event] = readEvents([{
    email: 'Ada@Example.com',
    event: 'delivered',
    sg_event_id: 'e1',
    timestamp: 1700000000,
    sg_message_id: 'AbC_-1.recvd-5d5f-1-60F0-9.0',
    delivery_attempt_id: attempt,
    ...over,
  }]);
  return event;
}

Deno.test("readEvents: a status → message, attempt and provider's id", () => {
  assert.deepEqual(read({}), {
    id: 'e1',
    at: 1700000000,
    messageId: 'AbC_-1',
    attemptId: attempt,
    status: 'delivered',
    errorCode: null,
    preference: null,
    preferenceKind: null,
    address: 'ada@example.com',
    reason: 'delivered',
  });
});

Deno.test('readEvents: each form of a message id → the message', () => {
  const messageId = (id: string) => read({ sg_message_id: id })?.messageId;
  assert.equal(messageId('14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0'), '14c5d75ce93.dfd.64b469');
  assert.equal(messageId('abc.filter0001'), 'abc');
  assert.equal(messageId('abc'), 'abc');
});

Deno.test('readEvents: bounces, blocks and drops → their outcomes', () => {
  const what = (over: Record<string, unknown>) => {
    const { status, errorCode, preference } = read(over);
    return [status, errorCode, preference];
  };
  assert.deepEqual(what({ event: 'bounce', type: 'bounce', status: '5.1.1' }), ['bounce', '5.1.1', null]);
  assert.deepEqual(what({ event: 'bounce', status: 'five' }), ['bounce', 'bounce', null]);
  assert.deepEqual(what({ event: 'bounce', type: 'blocked', status: '4.7.0' }), ['blocked', 'blocked', null]);
  assert.deepEqual(what({ event: 'dropped', reason: 'Bounced Address' }), ['dropped', 'dropped', null]);
  assert.deepEqual(what({ event: 'dropped', reason: 'Unsubscribed Address' }), ['dropped', 'dropped', 'opt_out']);
  assert.deepEqual(what({ event: 'dropped', reason: 'Spam Reporting Address' }), ['dropped', 'dropped', 'opt_out']);
  assert.deepEqual(what({ event: 'deferred', response: '451' }), ['deferred', null, null]);
});

Deno.test('readEvents: unsubscribes and spam reports → opt-outs', () => {
  assert.deepEqual(
    ['spamreport', 'unsubscribe', 'group_unsubscribe', 'group_resubscribe'].map((event) => read({ event }).preference),
    [
      'opt_out',
      'opt_out',
      'opt_out',
      'opt_in',
    ],
  );
  assert.equal(read({ event: 'spamreport' }).status, 'spamreport');
  assert.equal(readEvents([{ event: 'unsubscribe', sg_event_id: 'e', email: 'nobody' }]).length, 0);
});

Deno.test('readEvents: malformed or irrelevant events → skipped', () => {
  const nothing = [null, 1, 'x', [], {}, { event: 'delivered' }, { event: 7, sg_event_id: 'e' }, { sg_event_id: 'e' }];
  assert.deepEqual(readEvents(nothing), []);
  assert.equal(read({ event: 'open' }), undefined);
  assert.equal(read({ event: 'click' }), undefined);
  assert.equal(read({ sg_message_id: 5 }), undefined);
  assert.equal(read({ sg_event_id: '' }), undefined);
  assert.equal(read({ timestamp: 'now' }).at, 0);
  assert.equal(read({ delivery_attempt_id: 'x' }).attemptId, null);
  assert.equal(read({ sg_event_id: 'a\0b\ud800'.repeat(100) }).id.includes('\0'), false);
});

Deno.test('read_events: each kind of opt-out → its own preference kind', () => {
  const kindOf = (fields: object) => read({ email: 'ada@example.com', ...fields })?.preferenceKind;
  assert.equal(kindOf({ event: 'spamreport' }), 'spamreport');
  assert.equal(kindOf({ event: 'unsubscribe' }), 'unsubscribe');
  assert.equal(kindOf({ event: 'group_unsubscribe', asm_group_id: 7 }), 'group_unsubscribe:7');
  assert.equal(kindOf({ event: 'group_resubscribe', asm_group_id: 7 }), 'group_unsubscribe:7');
  assert.equal(kindOf({ event: 'group_resubscribe' }), 'group_unsubscribe:');
  assert.equal(kindOf({ event: 'dropped', reason: 'Spam Reporting Address' }), 'spamreport');
  assert.equal(kindOf({ event: 'dropped', reason: 'Unsubscribed Address' }), 'unsubscribe');
});
