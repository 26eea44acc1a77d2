import { secret } from '../http/secrets.ts';
import { idIn, tokenFor } from '../http/signed_id.ts';

const PURPOSE = 'claim-link';

/** The link of a delivery as the database hands it out: its id, and the key that seals the card. */
export interface ClaimLink {
  linkId: string;
  keyId: string;
  /** Whether the message brings the link instead of the code. */
  isRequired: boolean;
  /** The day until which it shows the card. */
  expires: string;
}

/** The token of a link: the same in each attempt of a message. */
export function tokenOf({ linkId, keyId }: Pick<ClaimLink, 'linkId' | 'keyId'>): string {
  return tokenFor(PURPOSE, linkId, keyId);
}

/** The id of the link that a token opens, or null when we have not signed it. */
export function linkIdOf(token: string): string | null {
  return idIn(PURPOSE, token);
}

/** The address in the message. What stands behind # stays in the browser: no server, proxy or log on the way sees it. */
export function claimUrl(link: ClaimLink): string {
  return `${secret('PUBLIC_CLAIM_URL').replace(/#.*$/, '')}#${tokenOf(link)}`;
}
