import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Message } from '../../supabase/functions/_shared/messages/providers/port.ts';
import { isSignedByTwilio } from '../../supabase/functions/_shared/messages/providers/twilio/signature.ts';
import { arrived, fail, SETTINGS, twilioAt, withSandbox } from './testing.ts';

const to = '+12025550143';
const UNREACHABLE = 'http://127.0.0.1:1';

function message(over: Partial<Message> = {}): Message {
  return { attemptId: crypto.randomUUID(), to, subject: '', text: 'Your card: AMZN-1 é 👍\nBye', html: '', ...over };
}

Deno.test('twilio: a message → arrives unchanged', () =>
  withSandbox(async (sandbox) => {
    const outcome = await twilioAt(sandbox).send(message());
    assert.equal(outcome.outcome, 'sent');
    const [sms] = await arrived(sandbox, to);
    assert.equal(sms.sid, outcome.providerMessageId);
    assert.match(sms.sid, /^SM[0-9a-f]{32}$/);
    assert.equal(sms.body, 'Your card: AMZN-1 é 👍\nBye');
    assert.equal(sms.from, '+15005550006');
  }));

Deno.test('twilio: wrong credentials → permanent', () =>
  withSandbox(async (sandbox) => {
    const { outcome, errorCode } = await twilioAt(sandbox, { authToken: 'another' }).send(message());
    assert.deepEqual([outcome, errorCode], ['permanent', '20003']);
  }));

const REFUSED: [kind: string, outcome: string, errorCode: string][] = [
  ['429', 'retriable', '20429'],
  ['500', 'ambiguous', '20500'],
  ['503', 'ambiguous', '20503'],
  ['21610', 'permanent', '21610'],
  ['21211', 'permanent', '21211'],
  ['30001', 'retriable', '30001'],
];

for (const [kind, outcome, errorCode] of REFUSED) {
  Deno.test(`twilio: ${kind} → ${outcome}, nothing arrives`, () =>
    withSandbox(async (sandbox) => {
      await fail(sandbox, { provider: 'twilio', to, kind });
      const result = await twilioAt(sandbox).send(message());
      assert.deepEqual([result.outcome, result.errorCode], [outcome, errorCode]);
      assert.deepEqual(await arrived(sandbox, to), []);
      assert.equal((await twilioAt(sandbox).send(message())).outcome, 'sent', 'the fault is used up');
    }));
}

Deno.test('twilio: the magic numbers of test credentials → their documented errors', () =>
  withSandbox(async (sandbox) => {
    const codes = { '+15005550001': '21211', '+15005550004': '21610', '+15005550009': '21614' };
    for (const [to, code] of Object.entries(codes)) {
      const result = await twilioAt(sandbox).send(message({ to }));
      assert.deepEqual([result.outcome, result.errorCode], ['permanent', code]);
      assert.doesNotMatch(result.errorMessage!, /\d{5}/, 'no number and no text in what is kept');
    }
  }));

Deno.test('twilio: the API is unreachable → retriable, nothing was sent', () =>
  withSandbox(async (sandbox) => {
    assert.equal((await twilioAt(sandbox, { baseUrl: UNREACHABLE }).send(message())).outcome, 'retriable');
  }));

Deno.test('twilio: the connection breaks → ambiguous, and the look-up resolves it', () =>
  withSandbox(async (sandbox) => {
    const since = new Date();
    await fail(sandbox, { provider: 'twilio', to, kind: 'timeout_before_accepting', holdMs: 0 });
    const lost = message({ text: 'one' });
    assert.equal((await twilioAt(sandbox).send(lost)).outcome, 'ambiguous');
    assert.deepEqual(await twilioAt(sandbox).find(lost, since), { candidates: [], isComplete: true });

    await fail(sandbox, { provider: 'twilio', to, kind: 'timeout_after_accepting', holdMs: 0, callbacks: [] });
    const taken = message({ text: 'two' });
    assert.equal((await twilioAt(sandbox).send(taken)).outcome, 'ambiguous');
    const [{ sid }] = await arrived(sandbox, to);
    assert.deepEqual(await twilioAt(sandbox).find(taken, since), {
      candidates: [{ providerMessageId: sid, providerStatus: 'queued' }],
      isComplete: true,
    });
  }));

Deno.test('twilio: the connection breaks → the request is not repeated by the runtime', () =>
  withSandbox(async (sandbox) => {
    const provider = twilioAt(sandbox);
    assert.equal((await provider.send(message({ text: 'warms the connection up' }))).outcome, 'sent');
    await fail(sandbox, { provider: 'twilio', to, kind: 'timeout_after_accepting', holdMs: 0 });
    assert.equal((await provider.send(message())).outcome, 'ambiguous');
    assert.equal((await arrived(sandbox, to)).length, 2);
  }));

Deno.test('twilio: a look-up → by number, text and time, oldest first', () =>
  withSandbox(async (sandbox) => {
    await twilioAt(sandbox).send(message({ text: 'another card' }));
    await twilioAt(sandbox).send(message());
    await twilioAt(sandbox).send(message());
    const [second, first] = await arrived(sandbox, to);
    const idsOf = async (wanted: Message, since: Date) =>
      (await twilioAt(sandbox).find(wanted, since)).candidates.map(({ providerMessageId }) => providerMessageId);
    assert.deepEqual(await idsOf(message(), new Date()), [first.sid, second.sid]);
    assert.deepEqual(await idsOf(message(), new Date(Date.now() + 3_600_000)), []);
    assert.deepEqual(await idsOf(message({ to: '+12025550199' }), new Date()), []);
  }));

Deno.test('twilio: a look-up with more messages than it reads → incomplete', () =>
  withSandbox(async (sandbox) => {
    const since = new Date();
    // A few at a time, so that no request times out.
    for (let sent = 0; sent < 200; sent += 10) {
      await Promise.all(Array.from({ length: 10 }, () => twilioAt(sandbox).send(message({ text: 'noise' }))));
    }
    assert.deepEqual(await twilioAt(sandbox).find(message(), since), { candidates: [], isComplete: false });
  }));

Deno.test('twilio: a look-up while Twilio is unreachable → throws', () =>
  withSandbox(async (sandbox) => {
    await assert.rejects(twilioAt(sandbox, { baseUrl: UNREACHABLE }).find(message(), new Date()));
    await assert.rejects(twilioAt(sandbox, { authToken: 'another' }).find(message(), new Date()));
  }));

/** Sends one message and collects the callbacks for it as they come. */
async function callbacksOf(fault: string | null, count: number): Promise<Record<string, string>[]> {
  const received: Record<string, string>[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const fields = Object.fromEntries(new URLSearchParams(body));
    const url = `http://${request.headers.host}${request.url}`;
    const signature = String(request.headers['x-twilio-signature']);
    assert.ok(isSignedByTwilio(SETTINGS.twilioAuthToken, url, signature, fields), 'the callback is signed');
    received.push({ ...fields, attempt: new URL(url).searchParams.get('attempt')! });
    response.writeHead(204).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    await withSandbox(async (sandbox) => {
      const statusUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/functions/v1/twilio-status`;
      if (fault) await fail(sandbox, { provider: 'twilio', to, kind: fault });
      const sent = message();
      const { providerMessageId } = await twilioAt(sandbox, { statusUrl }).send(sent);
      for (let wait = 0; received.length < count && wait < 100; wait++) {
        await new Promise((resume) => setTimeout(resume, 20));
      }
      for (const { MessageSid, To, attempt } of received) {
        assert.deepEqual([MessageSid, To, attempt], [providerMessageId, to, sent.attemptId]);
      }
    });
  } finally {
    server.closeAllConnections();
    await once(server.close(), 'close');
  }
  return received;
}

const CALLBACKS: [kind: string | null, statuses: string[]][] = [
  [null, ['sent', 'delivered']],
  ['duplicate_callbacks', ['sent', 'sent', 'delivered', 'delivered', 'sent']],
  ['reversed_callbacks', ['delivered', 'sent']],
  ['undelivered', ['sent', 'undelivered']],
];

for (const [kind, statuses] of CALLBACKS) {
  Deno.test(`twilio: callbacks ${kind ?? 'in order'} → signed, with the attempt id`, async () => {
    const received = await callbacksOf(kind, statuses.length);
    assert.deepEqual(received.map(({ MessageStatus }) => MessageStatus), statuses);
    assert.equal(received.at(-1)!.ErrorCode, kind === 'undelivered' ? '30003' : undefined);
  });
}
