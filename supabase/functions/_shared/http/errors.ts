/** Status, message and solution of an error code. */
export interface CatalogueEntry {
  status: number;
  message: string;
  solution: string;
}

/** Every code a function may answer with; docs/errors.md is printed from it. */
export const catalogue = {
  'GC-001': {
    status: 400,
    message: 'Missing brand_id/card_value: No gift card configured for this condition.',
    solution: 'Edit campaign condition settings',
  },
  'GC-002': {
    status: 400,
    message: 'Brand not found',
    solution: 'Check brand exists and is enabled',
  },
  'GC-003': {
    status: 400,
    message: 'No inventory available: No available gift cards in pool.',
    solution: 'Upload cards or configure Tillo; a "pendingReward" in the error is fulfilled as soon as there is a card',
  },
  'GC-004': {
    status: 503,
    message: 'Tillo API not configured',
    solution: 'Add Tillo credentials to Supabase',
  },
  'GC-005': {
    status: 502,
    message: 'Tillo API call failed: Tillo API error.',
    solution: 'Check Tillo account status; a purchase with "pending": true is completed without another request',
  },
  'GC-006': {
    status: 402,
    message: 'Insufficient credits',
    solution: 'Allocate more credits to account',
  },
  'GC-007': {
    status: 500,
    message: 'Billing transaction failed',
    solution: 'Check database connection; nothing was provisioned, so retry the request',
  },
  'GC-008': {
    status: 400,
    message: 'Campaign billing not configured',
    solution: 'Set up billing entity',
  },
  'GC-009': {
    status: 400,
    message: 'Verification required',
    solution: 'Complete SMS opt-in or skip verification',
  },
  'GC-010': {
    status: 409,
    message: 'Already provisioned',
    solution: 'Customer already received gift card; staff can send it again (resend-gift-card)',
  },
  'GC-011': {
    status: 404,
    message: 'Invalid redemption code',
    solution: 'Verify code exists in system: check its spelling, and that its campaign is active',
  },
  'GC-012': {
    status: 400,
    message: 'Missing parameters',
    solution: 'Check API request format: correct what "fields" names',
  },
  'GC-013': {
    status: 500,
    message: 'Database function error',
    solution: 'Check migration status; retry later, and find the requestId in the function logs',
  },
  'GC-014': {
    status: 502,
    message: 'Delivery notification failed',
    solution: 'Check SMS/email configuration, then send the card again (resend-gift-card)',
  },
  'GC-015': {
    status: 500,
    message: 'Unknown error',
    solution: 'Check function logs for details by requestId; retry with the same Idempotency-Key',
  },
  'VC-001': {
    status: 404,
    message: 'Invalid voucher code',
    solution: 'Check the spelling of the code; if it is right, contact support',
  },
  'VC-002': {
    status: 400,
    message: 'More than one client has a voucher with this code',
    solution: 'Repeat the request with one of "clientIds" as clientId',
  },
  'VC-003': {
    status: 409,
    message: 'The voucher is not active',
    solution: 'Redeem another voucher, or ask the issuer of this one',
  },
  'VC-004': {
    status: 409,
    message: 'The voucher is not valid yet',
    solution: 'Redeem it from "startsAt" on',
  },
  'VC-005': {
    status: 410,
    message: 'The voucher has expired',
    solution: 'It ended at "expiredAt"; redeem one of the "alternatives"',
  },
  'VC-006': {
    status: 409,
    message: 'The voucher is used up',
    solution: 'Redeem one of the "alternatives"',
  },
  'VC-007': {
    status: 409,
    message: 'You have redeemed this voucher already',
    solution: 'See its value in your voucher history, or use another voucher',
  },
  'VC-008': {
    status: 403,
    message: 'Only customers can redeem vouchers',
    solution: 'Sign in as a customer of the client',
  },
  'VC-009': {
    status: 403,
    message: 'The creator and the owner of a voucher cannot redeem it',
    solution: 'Share the code with another customer, or use another voucher',
  },
  'VC-010': {
    status: 403,
    message: 'The voucher is for the customers of another dealer',
    solution: 'Ask your own dealer for a voucher',
  },
  'VC-011': {
    status: 403,
    message: 'The voucher is not for you',
    solution: 'Sign in with the confirmed e-mail address or phone that the voucher was issued to',
  },
  'VC-012': {
    status: 409,
    message: 'There is no active package to add messages to',
    solution: 'Buy a package, or redeem a package voucher, then redeem this one again',
  },
  'VC-013': {
    status: 409,
    message: 'The voucher is for another package',
    solution: 'Choose the package of the voucher ("packageId")',
  },
  'VC-014': {
    status: 409,
    message: 'The purchase is too small for the voucher',
    solution: 'Choose a package whose price is at least "minimumPurchase"',
  },
  'VC-015': {
    status: 409,
    message: 'The redemption was rolled back already',
    solution: 'Nothing: see the redemption for what was revoked',
  },
  'VC-016': {
    status: 409,
    message: 'Nothing is left to revoke',
    solution: 'The value of the voucher is spent, expired or held; retry when an open purchase that holds it has ended',
  },
  'VC-017': {
    status: 409,
    message: 'The discount is no longer available',
    solution: 'Start the purchase again: its price is then calculated without the discount',
  },
  'VC-018': {
    status: 409,
    message: 'The client has a voucher with this code already',
    solution: 'Choose another code, or omit it to have one generated',
  },
  'VC-020': {
    status: 402,
    message: 'Not enough messages',
    solution: 'Use no more than "left", or buy a package or redeem a voucher first',
  },
  'VC-021': {
    status: 409,
    message: 'The package has ended',
    solution: 'Read "status": add to an active package, or activate a new one',
  },
  'VC-022': {
    status: 409,
    message: 'The package is no longer offered',
    solution: 'Choose another package',
  },
  'VC-023': {
    status: 400,
    message: 'The remainder is too small to be charged',
    solution:
      'Use one of "workingBizcoins" instead: fewer, so that "minimum" remains, or enough for the whole price; ' +
      'or keep the discount for another time ("useDiscount": false), if there is an "amountWithoutDiscount"',
  },
  'VC-024': {
    status: 400,
    message: 'More bizcoins than the price',
    solution: 'Use no more than "mostBizcoins"',
  },
  'VC-025': {
    status: 409,
    message: 'Another purchase of this package is open',
    solution:
      'Do its "nextStep": continue it at its own terms with its "purchaseId", or cancel it (also if "quote", the ' +
      'price of a new one, is better) and start again',
  },
  'VC-026': {
    status: 409,
    message: 'The purchase has ended',
    solution:
      'Do its "nextStep": start a new purchase ("bizcoinsReturned" are available again), cancel one that is being ended, or ' +
      'nothing if it is completed',
  },
  'VC-027': {
    status: 409,
    message: 'More than remains of the purchase',
    solution: 'Refund no more than "remainingPayment" and "remainingBizcoins"',
  },
  'VC-028': {
    status: 502,
    message: 'The payment processor did not answer',
    solution: 'Retry with the same "purchaseId": nothing is charged twice',
  },
  'VC-029': {
    status: 502,
    message: 'The payment processor refused the payment',
    solution: 'The bizcoins are available again ("bizcoinsReturned"); start a new purchase, or contact support',
  },
  'VC-030': {
    status: 409,
    message: 'The payment is being processed',
    solution: 'Wait until it has succeeded or failed; it cannot be cancelled meanwhile',
  },
  'VC-031': {
    status: 409,
    message: 'The price is not the expected one',
    solution: 'Show the customer the new "finalAmount" and ask again with it as "expectedFinalAmount"',
  },
  'WL-001': {
    status: 402,
    message: 'Insufficient balance',
    solution: 'Use no more than the available balance ("balance"), or top up',
  },
  'WL-002': {
    status: 409,
    message: 'More than remains of the transfer',
    solution: 'Reverse no more than "remaining": the rest is reversed, spent, expired or held',
  },
  'WL-003': {
    status: 409,
    message: 'The hold has ended',
    solution: 'Read "status": captured amounts stay captured; for released ones make a new hold',
  },
  'WL-004': {
    status: 409,
    message: 'The balance would be too large',
    solution: 'An account holds at most "maximum": move a smaller amount, or spend some of it first',
  },
  'RB-400': {
    status: 400,
    message: 'Bad request',
    solution: 'Correct the fields that the message or "fields" names',
  },
  'RB-401': {
    status: 401,
    message: 'Not authenticated',
    solution: 'Send a valid access token as "Authorization: Bearer …" or the right key as "apikey: …"',
  },
  'RB-403': {
    status: 403,
    message: 'Not allowed',
    solution: 'Ask an administrator for a role that may do this',
  },
  'RB-404': {
    status: 404,
    message: 'Not found',
    solution: 'Check the id, and that your account may read the record',
  },
  'RB-405': {
    status: 405,
    message: 'Method not allowed',
    solution: 'Send the request as POST',
  },
  'RB-409': {
    status: 409,
    message: 'Idempotency-Key already used for another request',
    solution: 'Use a new Idempotency-Key for a new request, and the same body for a repeated one',
  },
  'RB-410': {
    status: 410,
    message: 'This link is not valid on this device',
    solution: 'It has expired, was replaced, or was opened on another device: ask for the card to be sent again',
  },
  'RB-413': {
    status: 413,
    message: 'Request too large',
    solution: 'Send a smaller body, or split it into several requests',
  },
  'RB-415': {
    status: 415,
    message: 'Media type not supported',
    solution: 'Set Content-Type to one of the types the function accepts',
  },
  'RB-429': {
    status: 429,
    message: 'Too many attempts',
    solution: 'Wait for the seconds in Retry-After, then retry',
  },
  'RB-500': {
    status: 500,
    message: 'Unknown error',
    solution: 'Retry later; if it happens again, find the requestId in the function logs',
  },
  'RB-502': {
    status: 502,
    message: 'The database is not available',
    solution: 'Retry later; if it happens again, check that the database is up and every migration is applied',
  },
  'RB-503': {
    status: 503,
    message: 'A secret is missing or malformed',
    solution: 'An operator sets the secret named in "missing" (see .env.example)',
  },
} satisfies Record<string, CatalogueEntry>;

/** A code of the catalogue. */
export type Code = keyof typeof catalogue;

/** Tells whether a text is a code of the catalogue. */
export function isCode(text: unknown): text is Code {
  return typeof text === 'string' && Object.hasOwn(catalogue, text);
}

/** A refusal: thrown anywhere in a handler, turned into the response by `serve` alone. */
export class Refusal extends Error {
  override name = 'Refusal';

  constructor(
    readonly code: Code,
    readonly details: Record<string, unknown> = {},
    message: string = catalogue[code].message,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The HTTP status of the answer. */
  get status(): number {
    return catalogue[this.code].status;
  }

  /** The body of the answer. */
  body(requestId: string): Record<string, unknown> {
    // The database may know a more specific solution than the catalogue's.
    const solution = typeof this.details.solution === 'string' ? this.details.solution : catalogue[this.code].solution;
    const own = { code: this.code, message: this.message, solution, requestId };
    // First for readability, and last so that no detail overrides them.
    return { error: { ...own, ...this.details, ...own } };
  }
}

/** One invalid field of a request, and what is wrong with it. */
export interface FieldProblem {
  field: string;
  problem: string;
}

/** Solution of a refused webhook signature; its reader is the operator. */
export const SIGNATURE_SOLUTION = 'Check the signing secret, the URL that was signed, and the clock of the sender';

/** The refusal of a webhook with an invalid, missing or outdated signature. */
export function badSignature(message: string): Refusal {
  return new Refusal('RB-403', { solution: SIGNATURE_SOLUTION }, message);
}

/** Code family of a function: GC for the gift card functions, RB for all others. */
export type Family = 'GC' | 'RB';

// Gift card functions have their own codes for errors that any function may have.
const GENERAL = {
  badRequest: { RB: 'RB-400', GC: 'GC-012' },
  unknownError: { RB: 'RB-500', GC: 'GC-015' },
  databaseError: { RB: 'RB-502', GC: 'GC-013' },
} satisfies Record<string, Record<Family, Code>>;

/** A refusal whose code depends on the function that answers; `serve` translates it. */
export class GeneralRefusal extends Refusal {
  constructor(readonly kind: keyof typeof GENERAL, details: Record<string, unknown>, options?: ErrorOptions) {
    super(GENERAL[kind].RB, details, undefined, options);
  }

  /** The same refusal with the code and message of a family. */
  of(family: Family): Refusal {
    return new Refusal(GENERAL[this.kind][family], this.details, undefined, { cause: this.cause });
  }
}

/** The refusal of a request, with what is wrong with each field. */
export function badRequest(...fields: FieldProblem[]): GeneralRefusal {
  return new GeneralRefusal('badRequest', { fields });
}

/** The refusal when the database is not available; the cause is for the log. */
export function databaseError(cause: Error): GeneralRefusal {
  return new GeneralRefusal('databaseError', {}, { cause });
}

/** The refusal for a bug; the cause is for the log. */
export function unknownError(cause: unknown): GeneralRefusal {
  return new GeneralRefusal('unknownError', {}, { cause });
}
