import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { generateKeyPairSync, sign } from 'node:crypto';
import eventWebhook from '@sendgrid/eventwebhook';
import { Refusal } from '../../../http/errors.ts';
import { isSignedBySendGrid, publicKey } from './signature.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const shown = keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const body = Buffer.from('[{"email":"é@example.com"}]\r\n');
const now = () => Math.floor(Date.now() / 1000);

function headersOf(seconds: number | string, signed: Uint8Array = body, key = keys.privateKey): Headers {
  const signature = sign('sha256', Buffer.concat([Buffer.from(String(seconds)), signed]), key);
  return new Headers({
    'X-Twilio-Email-Event-Webhook-Timestamp': String(seconds),
    'X-Twilio-Email-Event-Webhook-Signature': signature.toString('base64'),
  });
}

const isGenuine = (headers: Headers, bytes: Uint8Array = body) =>
  isSignedBySendGrid(headers, bytes, 3600, [publicKey(shown)]);

Deno.test("sendgrid signature: a genuine event → also for SendGrid's library", () => {
  const headers = headersOf(now());
  assert.ok(isGenuine(headers));
  const library = new eventWebhook.EventWebhook();
  const [signature, timestamp] = ['signature', 'timestamp'].map((name) =>
    headers.get(`x-twilio-email-event-webhook-${name}`)!
  );
  assert.ok(library.verifySignature(library.convertPublicKeyToECDSA(shown), body, signature, timestamp));
});

Deno.test('sendgrid signature: body, time, key or signature changed → refused', () => {
  assert.ok(!isGenuine(headersOf(now()), Buffer.concat([body, Buffer.from(' ')])));
  assert.ok(!isGenuine(headersOf(now(), Buffer.from('[]'))));
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  assert.ok(!isGenuine(headersOf(now(), body, other)));
  const moved = headersOf(now() - 10);
  moved.set('x-twilio-email-event-webhook-timestamp', String(now()));
  assert.ok(!isGenuine(moved));
  for (const signature of ['', 'AAAA', '!', 'MEUCIQ==', 'x'.repeat(9000)]) {
    const headers = headersOf(now());
    headers.set('x-twilio-email-event-webhook-signature', signature);
    assert.ok(!isGenuine(headers), signature.slice(0, 20));
  }
  assert.ok(!isGenuine(new Headers()));
});

Deno.test('sendgrid signature: two keys during a rotation → both accepted', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const both = [other.publicKey, publicKey(shown)];
  for (const key of [keys.privateKey, other.privateKey]) {
    assert.ok(isSignedBySendGrid(headersOf(now(), body, key), body, 3600, both));
  }
});

Deno.test('sendgrid signature: too old or of the future → refused', () => {
  assert.ok(isGenuine(headersOf(now() - 3500)));
  assert.ok(!isGenuine(headersOf(now() - 3700)));
  assert.ok(isGenuine(headersOf(now() + 60)));
  assert.ok(!isGenuine(headersOf(now() + 600)));
  for (const seconds of ['', 'now', '-5', `${now()}.5`, ` ${now()}e1`]) {
    assert.ok(!isGenuine(headersOf(seconds)), seconds);
  }
});

Deno.test('sendgrid signature: a malformed key → the secret is named', () => {
  const isMissing = (error: unknown) => error instanceof Refusal && error.code === 'RB-503';
  assert.throws(() => publicKey('not a key'), isMissing);
});
