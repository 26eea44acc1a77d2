import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { CRMS } from '../../supabase/functions/_shared/crm/open.ts';
import type { Call } from '../../supabase/functions/_shared/crm/port.ts';
import { seedFrom } from '../support/random.ts';

const seed = seedFrom('FUZZ_SEED');

const MUTATIONS = 3000;

const url = 'https://x.example/functions/v1/crm-webhook/1?a=b';
const time = Date.now();
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const { privateKey, publicKey } = generateKeyPairSync('ed25519');

const body = JSON.stringify({ type: 'visit', contact_id: 'c-1', webhookId: 'w-1', timestamp: time });

/** A genuine call of each kind: the key, and the headers that it is signed with. */
const GENUINE: Record<string, { key: string; headers: Record<string, string> }> = {
  standard: {
    key: secret,
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(time / 1000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', new Date(time), body),
    },
  },
  hubspot: {
    key: 'client secret',
    headers: {
      'x-hubspot-request-timestamp': String(time),
      'x-hubspot-signature-v3': createHmac('sha256', 'client secret').update(`POST${url}${body}${time}`).digest(
        'base64',
      ),
    },
  },
  gohighlevel: {
    key: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    headers: { 'x-ghl-signature': sign(null, Buffer.from(body), privateKey).toString('base64') },
  },
};

function callOf(text: string, headers: Record<string, string>): Call {
  return { method: 'POST', url, headers: new Headers(headers), body: new TextEncoder().encode(text) };
}

/** A text with a few of its characters changed, dropped or doubled. */
function mutated(text: string): fc.Arbitrary<string> {
  const printable = fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code));
  const change = fc.tuple(fc.nat(text.length - 1), fc.constantFrom('change', 'drop', 'double'), printable);
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) =>
    changes.reduce((result, [place, how, sign]) => {
      const middle = how === 'drop' ? '' : how === 'double' ? result.slice(place, place + 1).repeat(2) : sign;
      return result.slice(0, place) + middle + result.slice(place + 1);
    }, text)
  ).filter((result) => result !== text);
}

for (const [kind, { key, headers }] of Object.entries(GENUINE)) {
  Deno.test(`fuzz: ${MUTATIONS} changed calls of ${kind} → all refused`, async () => {
    const { isGenuine } = CRMS[kind];
    assert.equal(await isGenuine(callOf(body, headers), [key]), true);
    const changed = fc.oneof(
      mutated(body).map((text) => callOf(text, headers)),
      ...Object.keys(headers).map((name) =>
        mutated(headers[name]).map((value) => callOf(body, { ...headers, [name]: value }))
      ),
    );
    const isRefused = async (call: Call) => !await isGenuine(call, [key]);
    await fc.assert(fc.asyncProperty(changed, isRefused), { seed, numRuns: MUTATIONS });
  });
}
