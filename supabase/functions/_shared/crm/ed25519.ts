import { Buffer } from 'node:buffer';

const RAW_KEY_BYTES = 32;

// What stands before the 32 bytes of an Ed25519 key in the form that WebCrypto calls "spki".
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

// 64 bytes, written in the one way there is: base64 has bits to spare in its last sign.
const SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** Whether a signature in base64 is that of the bytes by the public key, in base64: 32 raw bytes, or its SPKI form. */
export async function isSignedEd25519(
  signed: Uint8Array<ArrayBuffer>,
  signature: string,
  key: string,
): Promise<boolean> {
  if (!SIGNATURE.test(signature)) return false;
  const bytes = Buffer.from(key, 'base64');
  const spki = bytes.length === RAW_KEY_BYTES ? Buffer.concat([SPKI_HEAD, bytes]) : bytes;
  try {
    const publicKey = await crypto.subtle.importKey('spki', spki, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', publicKey, Buffer.from(signature, 'base64'), signed);
  } catch {
    // An invalid key verifies no signature.
    return false;
  }
}
