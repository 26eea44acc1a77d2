import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sql } from '../support/database.ts';
import { seedFrom } from '../support/random.ts';
import { tellEvents, writeSms } from '../support/sandbox.ts';
import { uniquePhone } from '../support/unique.ts';

const seed = seedFrom('FUZZ_SEED');
console.log(`fuzz: FUZZ_SEED=${seed}`);

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '',
    '\0',
    'stop\0',
    '\ud800',
    '<Message>',
    '&amp;',
    '{{code}}',
    "';--",
    '🛑',
    'a'.repeat(1600),
    'STOP\n'.repeat(300),
  ),
);

Deno.test('fuzz: arbitrary inbound SMS → stored once, answered as TwiML', async () => {
  await fc.assert(
    fc.asyncProperty(
      hostile,
      fc.option(fc.constantFrom('STOP', 'START', 'HELP', 'other')),
      async (body, optOutType) => {
        const phone = uniquePhone();
        const more = optOutType ? { optOutType } : {};
        const first = await writeSms(phone, body.toWellFormed(), more);
        assert.equal(first.status, 200, first.twiml);
        assert.match(
          first.twiml,
          /^<\?xml version="1.0" encoding="UTF-8"\?><Response>(<Message>[^<>]+<\/Message>)?<\/Response>$/,
        );
        const again = await writeSms(phone, body.toWellFormed(), { ...more, messageSid: first.messageSid });
        assert.equal(again.twiml, first.twiml);
        assert.equal((await sql`select from public.inbound_messages where phone = ${phone}`).length, 1);
      },
    ),
    { seed, numRuns: 60, endOnFailure: true },
  );
});

const almostEvent = fc.record({
  event: fc.oneof(
    fc.constantFrom('delivered', 'bounce', 'dropped', 'spamreport', 'group_resubscribe', 'open'),
    hostile,
  ),
  sg_event_id: fc.oneof(fc.uuid(), hostile, fc.integer()),
  sg_message_id: fc.oneof(fc.uuid(), hostile, fc.constant(null)),
  delivery_attempt_id: fc.oneof(fc.uuid(), hostile),
  email: fc.oneof(fc.emailAddress(), hostile, fc.constant({})),
  type: fc.oneof(fc.constantFrom('bounce', 'blocked'), hostile),
  reason: hostile,
  status: fc.oneof(fc.constantFrom('5.1.1', '4'), hostile),
}, { requiredKeys: [] });

Deno.test('fuzz: an arbitrary batch of SendGrid → accepted; no batch → refused', async () => {
  const item = fc.oneof({ weight: 3, arbitrary: almostEvent }, { weight: 1, arbitrary: fc.jsonValue() });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 20 }), async (batch) => {
      const { status, answer } = await tellEvents(batch);
      assert.equal(status, 204, answer);
    }),
    { seed, numRuns: 80, endOnFailure: true },
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue().filter((value) => !Array.isArray(value)), async (value) => {
      const { status, answer } = await tellEvents(value);
      assert.equal(status, 400, answer);
      assert.equal(JSON.parse(answer).error.code, 'RB-400');
    }),
    { seed, numRuns: 20, endOnFailure: true },
  );
});
