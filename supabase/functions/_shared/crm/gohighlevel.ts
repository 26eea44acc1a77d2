import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { parseJson } from '../parse.ts';
import type { Call, Crm } from './port.ts';
import { field, isFresh, storable, word } from './words.ts';

const event = z.looseObject({
  webhookId: z.string().min(1).max(200),
  timestamp: z.union([z.string(), z.number()]),
});

const RAW_KEY_BYTES = 32;

// What stands before the 32 bytes of an Ed25519 key in the form that WebCrypto calls "spki".
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** HighLevel's webhooks, signed with Ed25519 over the body, which carries its time and id itself. */
export const gohighlevel: Crm = {
  async isGenuine({ headers, body }, keys) {
    const signature = headers.get('x-ghl-signature') ?? '';
    // 64 bytes, written in the one way there is: base64 has bits to spare in its last sign.
    if (!/^[A-Za-z0-9+/]{85}[AQgw]==$/.test(signature)) return false;
    for (const key of keys) {
      if (await isSigned(body, Buffer.from(signature, 'base64'), key)) return isFresh(timeOf(body));
    }
    return false;
  },

  read({ body }: Call) {
    const payload = parseJson(body, event);
    const { webhookId, type } = payload;
    const name = word(type);
    return [{
      eventId: webhookId,
      names: name ? [name] : [],
      contactId: word(
        payload.contactId,
        field(payload.appointment, 'contactId'),
        // Events about a contact carry its id as their own.
        name?.startsWith('Contact') ? payload.id : null,
      ),
      campaign: null,
      payload: storable(payload),
    }];
  },
};

async function isSigned(body: Uint8Array<ArrayBuffer>, signature: Buffer<ArrayBuffer>, key: string): Promise<boolean> {
  const bytes = Buffer.from(key, 'base64');
  const spki = bytes.length === RAW_KEY_BYTES ? Buffer.concat([SPKI_HEAD, bytes]) : bytes;
  try {
    const publicKey = await crypto.subtle.importKey('spki', spki, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', publicKey, signature, body);
  } catch {
    // A key that is none has signed nothing.
    return false;
  }
}

/** The time in a genuine body: ISO 8601, or milliseconds; what has none is as old as can be. */
function timeOf(body: Uint8Array): number {
  try {
    return new Date(event.parse(JSON.parse(new TextDecoder().decode(body))).timestamp).getTime() || 0;
  } catch {
    return 0;
  }
}
