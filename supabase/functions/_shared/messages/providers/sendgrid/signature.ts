import { Buffer } from 'node:buffer';
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { missing, secretsOf } from '../../../http/secrets.ts';

const KEY_NAME = 'SENDGRID_WEBHOOK_PUBLIC_KEY';
const CLOCK_SKEW_SECONDS = 300;

/** Whether SendGrid has signed these bytes, not too long ago: an ECDSA P-256 signature over the timestamp and the raw body. */
export function isSignedBySendGrid(
  headers: Headers,
  body: Uint8Array,
  maxAgeSeconds: number,
  keys = secretsOf(KEY_NAME).map(publicKey),
): boolean {
  const timestamp = headers.get('x-twilio-email-event-webhook-timestamp') ?? '';
  const signature = headers.get('x-twilio-email-event-webhook-signature') ?? '';
  const age = Date.now() / 1000 - Number(/^\d{1,12}$/.test(timestamp) ? timestamp : NaN);
  if (!(age <= maxAgeSeconds && age >= -CLOCK_SKEW_SECONDS)) return false;
  try {
    const signed = Buffer.concat([Buffer.from(timestamp), body]);
    return keys.some((key) => verify('sha256', signed, key, Buffer.from(signature, 'base64')));
  } catch {
    // A signature that is not even one.
    return false;
  }
}

/** The key that SendGrid shows in its settings: base64 of its SPKI form. */
export function publicKey(base64: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' });
  } catch {
    throw missing(KEY_NAME);
  }
}
