import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import {
  isSignedBySendGrid,
  publicKey,
} from '../../supabase/functions/_shared/messages/providers/sendgrid/signature.ts';
import { isSignedByTwilio } from '../../supabase/functions/_shared/messages/providers/twilio/signature.ts';
import { startSandbox } from './server.ts';
import { arrived, fail, sendgridAt, SETTINGS, twilioAt } from './testing.ts';

interface Heard {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const shown = publicKey(keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'));
const hidden = keys.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

/** Runs a test with a sandbox that tells everything to a listener. */
async function withListener(
  test: (sandbox: Awaited<ReturnType<typeof startSandbox>>, heard: Heard[], url: string) => Promise<void>,
  answer = '<Response><Message>Hi &amp; bye</Message></Response>',
): Promise<void> {
  const heard: Heard[] = [];
  const listener = createServer(async (incoming, outgoing) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = await new Blob(chunks as BlobPart[]).text();
    heard.push({ path: incoming.url!, headers: incoming.headers, body });
    outgoing.end(answer);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const sandbox = await startSandbox({ ...SETTINGS, sendgridWebhookKey: hidden, functionsUrl: url });
  try {
    await test(sandbox, heard, url);
  } finally {
    await sandbox.close();
    listener.closeAllConnections();
    listener.close();
    await once(listener, 'close');
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    assert.ok(tries < 100, 'it never came');
    await new Promise((resume) => setTimeout(resume, 20));
  }
}

const post = async (url: string, order: unknown) =>
  await (await fetch(url, { method: 'POST', body: JSON.stringify(order) })).json();

Deno.test('phones: an inbound SMS → signed as by Twilio, the reply reaches the phone', () =>
  withListener(async (sandbox, heard, url) => {
    const written = await post(`${sandbox.url}/_inbound`, {
      from: '+12025550143',
      body: 'Stop & go',
      optOutType: 'STOP',
    });
    assert.deepEqual([written.status, written.answers], [200, ['Hi & bye']]);
    const [{ path, headers, body }] = heard;
    const fields = Object.fromEntries(new URLSearchParams(body));
    assert.deepEqual([path, fields.Body, fields.OptOutType], ['/twilio-inbound', 'Stop & go', 'STOP']);
    const signature = String(headers['x-twilio-signature']);
    assert.ok(isSignedByTwilio(SETTINGS.twilioAuthToken, `${url}/twilio-inbound`, signature, fields));
    assert.deepEqual((await arrived(sandbox, '+12025550143')).map(({ body }) => body), ['Hi & bye']);
  }));

Deno.test('phones: STOP → blocked until START, as at Twilio', () =>
  withListener(async (sandbox) => {
    const from = '+12025550143';
    const send = async () => {
      const message = { attemptId: crypto.randomUUID(), to: from, subject: '', text: 'hello', html: '' };
      return (await twilioAt(sandbox).send(message)).errorCode ?? 'sent';
    };
    await post(`${sandbox.url}/_inbound`, { from, body: 'please stop' });
    assert.equal(await send(), 'sent');
    await post(`${sandbox.url}/_inbound`, { from, body: ' stop ' });
    assert.equal(await send(), '21610');
    await post(`${sandbox.url}/_inbound`, { from, body: 'START' });
    assert.equal(await send(), 'sent');
    assert.match((await post(`${sandbox.url}/_inbound`, { body: 'x' })).error, /from, body/);
  }, '<Response/>'));

Deno.test('sendgrid events: an e-mail → events signed as by SendGrid, a repetition has the same id', () =>
  withListener(async (sandbox, heard) => {
    const to = 'ann@example.com';
    await fail(sandbox, { provider: 'sendgrid', to, kind: 'events', callbacks: ['processed', 'blocked', 'processed'] });
    const attemptId = crypto.randomUUID();
    const { providerMessageId } = await sendgridAt(sandbox).send({ attemptId, to, subject: 'x', text: 'x', html: 'x' });
    await until(() => heard.length === 3);
    const events = heard.map(({ headers, body }) => {
      const signed = new Headers(headers as Record<string, string>);
      assert.ok(isSignedBySendGrid(signed, new TextEncoder().encode(body), 60, [shown]));
      return JSON.parse(body)[0];
    });
    assert.deepEqual(events.map(({ event, type }) => type ?? event), ['processed', 'blocked', 'processed']);
    assert.equal(events[0].sg_event_id, events[2].sg_event_id);
    assert.notEqual(events[0].sg_event_id, events[1].sg_event_id);
    assert.ok(events.every((event) => event.delivery_attempt_id === attemptId));
    assert.ok(events[0].sg_message_id.startsWith(`${providerMessageId}.`));
    const told = await post(`${sandbox.url}/_events`, { batch: [], seconds: 5 });
    assert.equal(told.sent.headers['x-twilio-email-event-webhook-timestamp'], '5');
  }));

Deno.test('sandbox: no loopback URL for callbacks → none are sent', async () => {
  const sandbox = await startSandbox({
    ...SETTINGS,
    sendgridWebhookKey: hidden,
    functionsUrl: 'https://example.com/v1',
  });
  try {
    assert.match((await post(`${sandbox.url}/_inbound`, { from: '+12025550143', body: 'x' })).error, /POST/);
    assert.match((await post(`${sandbox.url}/_events`, { batch: [] })).error, /POST/);
  } finally {
    await sandbox.close();
  }
});
