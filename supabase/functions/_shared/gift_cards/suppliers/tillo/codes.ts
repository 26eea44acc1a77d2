/**
 * What Tillo's codes mean for a requested card. `final`: not issued, and never will be. `short`: the platform's float or
 * the supplier's stock is exhausted. `again`: the outcome is unknown, retry with the same id. `none`: there is no such sale.
 */
export type Meaning = 'final' | 'short' | 'again' | 'none';

/** Tillo's codes, with a description for operators. */
export const TILLO_CODES: Record<string, { meaning: Meaning; words: string }> = {
  '060': { meaning: 'final', words: 'Tillo does not accept the API token' },
  '070': { meaning: 'final', words: 'Tillo misses a parameter' },
  '071': { meaning: 'final', words: 'Tillo misses a parameter' },
  '072': { meaning: 'final', words: 'Tillo does not know the brand, or does not sell it to this account' },
  '100': { meaning: 'final', words: 'Tillo refuses it for the state of the card' },
  '210': { meaning: 'final', words: 'Tillo does not accept the IP address: the relay must be on its list' },
  '211': { meaning: 'again', words: 'Too many requests at once' },
  '433': { meaning: 'final', words: 'Tillo finds the request invalid' },
  '434': { meaning: 'final', words: 'Tillo does not accept the credentials' },
  '600': { meaning: 'again', words: 'Tillo failed internally' },
  '602': { meaning: 'again', words: 'Tillo is under maintenance' },
  '603': { meaning: 'again', words: "The brand's processor does not answer Tillo" },
  '604': { meaning: 'again', words: 'Tillo is not well' },
  '610': { meaning: 'short', words: 'The float at Tillo is too low: top it up' },
  '615': { meaning: 'short', words: 'The credit with the brand at Tillo is too low' },
  '704': { meaning: 'final', words: 'Tillo does not sell this value, or the sector is not configured for the account' },
  '706': { meaning: 'final', words: 'Tillo does not sell this brand at present' },
  // An id that belongs to another order says nothing about this one.
  '708': { meaning: 'again', words: 'Tillo knows the id from an order of another brand or value' },
  '709': { meaning: 'final', words: 'There is no relationship with the brand at Tillo' },
  '711': { meaning: 'final', words: 'Tillo cannot issue this card' },
  '712': { meaning: 'final', words: 'Tillo does not know the delivery method' },
  '713': { meaning: 'final', words: 'The brand does not allow the delivery method' },
  '714': { meaning: 'final', words: 'Tillo misses the delivery method' },
  '715': { meaning: 'again', words: 'Tillo could not reach the host of the link' },
  '716': { meaning: 'final', words: 'Tillo does not know the template' },
  '717': { meaning: 'final', words: 'The template is not for this account' },
  '719': { meaning: 'final', words: 'The account may not do this at Tillo' },
  '720': { meaning: 'final', words: 'The brand does not allow this at Tillo' },
  '721': { meaning: 'final', words: 'Tillo does not know the currency' },
  '722': { meaning: 'final', words: 'Tillo does not allow the currency for the account' },
  '723': { meaning: 'final', words: 'The brand is not sold in this currency' },
  '724': { meaning: 'none', words: 'Tillo knows of no such sale' },
  '725': { meaning: 'short', words: 'Tillo is out of stock of this value' },
  '726': { meaning: 'final', words: 'Tillo refuses the order' },
  '728': { meaning: 'final', words: 'Tillo refuses the order' },
  '729': { meaning: 'again', words: 'Tillo still works on the first request of this id' },
  '730': { meaning: 'final', words: 'Tillo refuses the order' },
  '732': { meaning: 'again', words: 'Tillo is not ready for this request yet' },
  '733': { meaning: 'final', words: 'Tillo refuses the order' },
  '734': { meaning: 'final', words: 'Tillo refuses the order' },
  '735': { meaning: 'final', words: 'Tillo refuses the order' },
  '736': { meaning: 'final', words: 'Tillo refuses the order' },
  '738': { meaning: 'final', words: 'Tillo refuses the order' },
  '739': { meaning: 'final', words: 'Tillo refuses the order' },
  '740': { meaning: 'final', words: 'Tillo refuses the order' },
};

/** The meaning of a code; an unknown one, or a failure of Tillo itself, leaves the outcome open. */
export function meaningOf(code: string, status: number): { meaning: Meaning; words: string } {
  // The one code that means either: no such page, or a server that failed.
  if (code === '999' && [404, 405].includes(status)) return { meaning: 'final', words: 'Tillo has no such call' };
  return Object.hasOwn(TILLO_CODES, code)
    ? TILLO_CODES[code]
    : { meaning: 'again', words: 'Tillo answered with an error that is not known' };
}
