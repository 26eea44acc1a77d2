import { functionsUrl } from '../http/public_url.ts';
import { currentKeyId } from '../http/seal.ts';
import { idIn, tokenFor } from '../http/signed_id.ts';

const PURPOSE = 'unsubscribe';

/** Where the owner of an e-mail's address unsubscribes: a signed token that names the delivery, and no address. */
export function unsubscribeUrl(deliveryId: string): string {
  return functionsUrl(`unsubscribe?token=${tokenFor(PURPOSE, deliveryId, currentKeyId())}`);
}

/** The delivery that a token names, or null when we have not signed it. */
export function deliveryIn(token: string): string | null {
  return idIn(PURPOSE, token);
}
