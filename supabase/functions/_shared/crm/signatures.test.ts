import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { gohighlevel } from './gohighlevel.ts';
import { hubspot } from './hubspot.ts';
import type { Call } from './port.ts';
import { standard } from './standard.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function callOf(body: string, headers: Record<string, string>, url = 'https://x.example/functions/v1/crm'): Call {
  return { method: 'POST', url, headers: new Headers(headers), body: bytes(body) };
}

/** Runs something at another time of day. */
async function at<Result>(time: number, run: () => Result | Promise<Result>): Promise<Result> {
  const now = Date.now;
  Date.now = () => time;
  try {
    return await run();
  } finally {
    Date.now = now;
  }
}

const MINUTE = 60_000;

Deno.test("standard signature: the specification's example at its time → genuine", async () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const call = callOf('{"test": 2432232314}', {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
  const time = 1614265330_000;
  assert.equal(await at(time, () => standard.isGenuine(call, [secret])), true);
  assert.equal(await at(time + 4 * MINUTE, () => standard.isGenuine(call, ['whsec_AAAA', secret])), true);
  assert.equal(await at(time + 6 * MINUTE, () => standard.isGenuine(call, [secret])), false);
  assert.equal(await at(time - 6 * MINUTE, () => standard.isGenuine(call, [secret])), false);
  assert.equal(await at(time, () => standard.isGenuine(call, [])), false);
});

Deno.test('standard signature: any signed part changed → refused', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const now = new Date();
  const body = '{"type":"visit","data":{"contact_id":"c-1"}}';
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', now, body),
  };
  assert.equal(await standard.isGenuine(callOf(body, headers), [secret]), true);
  const listed = { ...headers, 'webhook-signature': `v1a,AAAA v1,AAAA ${headers['webhook-signature']}` };
  assert.equal(await standard.isGenuine(callOf(body, listed), [secret]), true);
  for (
    const other of [
      callOf(body.replace('c-1', 'c-2'), headers),
      callOf(`\uFEFF${body}`, headers),
      callOf(body, { ...headers, 'webhook-id': 'msg_2' }),
      callOf(body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) }),
      callOf(body, { ...headers, 'webhook-signature': '' }),
      callOf(body, {}),
    ]
  ) assert.equal(await standard.isGenuine(other, [secret]), false);
});

const HUBSPOT_TIME = 1700000000000;
const HUBSPOT_URL = 'https://x.example/functions/v1/crm?src=a%20b';

function hubspotCall(over: Record<string, string> = {}, body = '[{"eventId":1}]', url = HUBSPOT_URL): Call {
  return callOf(body, {
    'x-hubspot-request-timestamp': String(HUBSPOT_TIME),
    'x-hubspot-signature-v3': 'Gti600nJoy+e1rpkN1PmhHZrimTSzeE9pnlphpcVL6g=',
    ...over,
  }, url);
}

Deno.test("hubspot signature: signed by HubSpot's library, at its time → genuine", async () => {
  assert.equal(await at(HUBSPOT_TIME, () => hubspot.isGenuine(hubspotCall(), ['old', 'cs'])), true);
  assert.equal(await at(HUBSPOT_TIME + 6 * MINUTE, () => hubspot.isGenuine(hubspotCall(), ['cs'])), false);
  assert.equal(await at(HUBSPOT_TIME - 6 * MINUTE, () => hubspot.isGenuine(hubspotCall(), ['cs'])), false);
  assert.equal(await at(HUBSPOT_TIME, () => hubspot.isGenuine(hubspotCall(), ['another'])), false);
});

Deno.test('hubspot signature: any signed part changed → refused', async () => {
  for (
    const other of [
      hubspotCall({}, '[{"eventId":2}]'),
      hubspotCall({}, undefined, HUBSPOT_URL.replace('a%20b', 'a%20c')),
      hubspotCall({ 'x-hubspot-request-timestamp': String(HUBSPOT_TIME + 1) }),
      hubspotCall({ 'x-hubspot-request-timestamp': 'now' }),
      hubspotCall({ 'x-hubspot-signature-v3': 'AAAA' }),
      { ...hubspotCall(), method: 'PUT' },
    ]
  ) assert.equal(await at(HUBSPOT_TIME, () => hubspot.isGenuine(other, ['cs'])), false);
});

Deno.test('hubspot signature: percent-encoded characters of the URL → decoded as HubSpot does', async () => {
  const url = 'https://x.example/crm?to=a%3Ab%2Fc%20%25';
  const signature = createHmac('sha256', 'cs').update(`POSThttps://x.example/crm?to=a:b/c%20%25[]${HUBSPOT_TIME}`)
    .digest('base64');
  const call = hubspotCall({ 'x-hubspot-signature-v3': signature }, '[]', url);
  assert.equal(await at(HUBSPOT_TIME, () => hubspot.isGenuine(call, ['cs'])), true);
});

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');

function highLevelCall(fields: Record<string, unknown>, key = privateKey): Call {
  const body = JSON.stringify({ type: 'ContactCreate', webhookId: 'w-1', ...fields });
  return callOf(body, { 'x-ghl-signature': sign(null, bytes(body), key).toString('base64') });
}

Deno.test('gohighlevel signature: signed with the key, recent → genuine', async () => {
  const now = Date.now();
  for (const timestamp of [new Date(now).toISOString(), now]) {
    for (const key of [spki, raw]) {
      assert.equal(await gohighlevel.isGenuine(highLevelCall({ timestamp }), ['AAAA', key]), true);
    }
  }
  const local = new Date(now).toISOString().slice(0, -1);
  for (const timestamp of [new Date(now - 91 * MINUTE).toISOString(), now + 6 * MINUTE, 'soon', local, undefined]) {
    assert.equal(await gohighlevel.isGenuine(highLevelCall({ timestamp }), [spki]), false);
  }
});

Deno.test('gohighlevel signature: the last retry, with the time of the first attempt → genuine', async () => {
  assert.equal(await gohighlevel.isGenuine(highLevelCall({ timestamp: Date.now() - 70 * MINUTE }), [spki]), true);
});

Deno.test('gohighlevel signature: missing, of another key, or of another body → refused', async () => {
  const timestamp = Date.now();
  const foreign = generateKeyPairSync('ed25519').privateKey;
  const genuine = highLevelCall({ timestamp });
  for (
    const other of [
      highLevelCall({ timestamp }, foreign),
      { ...genuine, headers: new Headers() },
      { ...genuine, headers: new Headers({ 'x-wh-signature': genuine.headers.get('x-ghl-signature')! }) },
      { ...genuine, body: bytes(new TextDecoder().decode(genuine.body).replace('w-1', 'w-2')) },
    ]
  ) assert.equal(await gohighlevel.isGenuine(other, [spki]), false);
  assert.equal(await gohighlevel.isGenuine(genuine, []), false);
});

Deno.test('standard: svix-* headers → taken as webhook-*', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const body = '{"type":"visit"}';
  const headers = {
    'svix-id': 'msg_1',
    'svix-timestamp': String(Math.floor(Date.now() / 1000)),
    'svix-signature': new Webhook(secret).sign('msg_1', new Date(), body),
  };
  const call = callOf(body, headers);
  assert.equal(await standard.isGenuine(call, [secret]), true);
  assert.equal(standard.read(call)[0].eventId, 'msg_1');
  assert.equal(await standard.isGenuine(callOf(body, { ...headers, 'svix-id': 'msg_2' }), [secret]), false);
});

Deno.test('standard: a timestamp that is more than digits → not believed', async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const seconds = Math.floor(Date.now() / 1000);
  const signature = new Webhook(secret).sign('msg_1', new Date(), '{}');
  const isGenuine = (timestamp: string) =>
    standard.isGenuine(
      callOf('{}', { 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': signature }),
      [secret],
    );
  assert.equal(await isGenuine(String(seconds)), true);
  for (const odd of [`${seconds}.`, `${seconds}.0`, `+${seconds}`, `0${seconds}`, `${seconds}s`, `${seconds}e0`, '']) {
    assert.equal(await isGenuine(odd), false, odd);
  }
});

Deno.test('standard: v1a → verified with the public key whpk_, and with no other', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const keyOf = (key: typeof publicKey) =>
    `whpk_${key.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')}`;
  const body = '{"type":"visit"}';
  const seconds = Math.floor(Date.now() / 1000);
  const signature = sign(null, bytes(`msg_1.${seconds}.${body}`), privateKey).toString('base64');
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,AAAA v1a,${signature}`,
  };
  assert.equal(await standard.isGenuine(callOf(body, headers), [keyOf(publicKey)]), true);
  assert.equal(await standard.isGenuine(callOf(`${body} `, headers), [keyOf(publicKey)]), false);
  assert.equal(
    await standard.isGenuine(callOf(body, headers), [keyOf(generateKeyPairSync('ed25519').publicKey)]),
    false,
  );
  assert.equal(
    await standard.isGenuine(callOf(body, { ...headers, 'webhook-signature': `v1,${signature}` }), [keyOf(publicKey)]),
    false,
  );
});
