/** The account at a supplier, from the secrets. */
export interface Account {
  apiKey: string;
  secretKey: string;
  baseUrl: string;
  /** What the account is for, in the supplier's words. */
  sector?: string;
}

/** How long the secrets of a card may be; network-branded rewards are held as the provider's link. */
export const MAX_LENGTH = { code: 110, link: 500, pin: 32 };

/** An order; the same `clientRequestId` means the same card, also when repeated. */
export interface Order {
  clientRequestId: string;
  /** The brand's name at the supplier. */
  brandCode: string;
  /** The face value with two decimals, as "25.00". */
  amount: string;
  currency: string;
  sector: string | null;
  deliveryMethod: 'code' | 'url';
  /** The supplier's reference of a delayed order. */
  reference: string | null;
}

/** A card from its supplier in clear text; never logged, and stored only sealed. */
export interface BoughtCard {
  code: string;
  pin: string | null;
  /** The number that the store's support asks for; it cannot be redeemed. */
  serialNumber?: string;
  /** YYYY-MM-DD. */
  expiresOn: string | null;
}

interface Said {
  /** The supplier's own code, or the kind of missing answer. */
  supplierCode?: string;
  reference?: string;
  message?: string;
}

/** The order exists as a card. */
export interface Issued extends Said {
  outcome: 'issued';
  card: BoughtCard;
  /** What the supplier charges; absent when it did not say so. */
  cost?: string;
}

/**
 * The outcome of a call. `ordered`: the card comes later. `declined`: certainly not issued, a retry is useless.
 * `short`: not issued for lack of float or stock. `reversed` and `not_found`: certainly no card (any more).
 * `unknown`: everything else; only a retry with the same id is allowed.
 */
export type Outcome =
  | Issued
  | (Said & { outcome: 'ordered' | 'declined' | 'short' | 'unknown' | 'reversed' | 'not_found' });

/** The platform's float at a supplier. */
export interface Float {
  name: string;
  currency: string;
  available: string;
}

/** A brand in a supplier's catalogue. */
export interface CatalogueBrand {
  brandCode: string;
  name: string;
  currency: string;
  isEnabled: boolean;
  /** Whether its cards come later. */
  isAsynchronous: boolean;
  /** Whether an issued card can be reversed. */
  isReversible: boolean;
  deliveryMethods: string[];
  /** Values it can be bought in; empty when any within the limits. */
  denominations: string[];
  limits: { lower: string; upper: string } | null;
}

/** The stock of a brand in one value. */
export interface Stock {
  brandCode: string;
  denomination: string;
  available: number;
}

/** A supplier of gift cards. */
export interface Supplier {
  /** Buys a card at once. Every failure of these four is an outcome, nothing is thrown. */
  issue(order: Order): Promise<Outcome>;
  /** Orders a card that comes later. */
  order(order: Order): Promise<Outcome>;
  /** Reads the status of an order. */
  orderStatus(order: Order): Promise<Outcome>;
  /** Reverses an order in any state. */
  reverse(order: Order): Promise<Outcome>;
  /** Reads the floats; these three throw when the supplier is unreachable. */
  floats(currency?: string): Promise<Float[]>;
  brands(brandCode?: string): Promise<CatalogueBrand[]>;
  stock(brandCode?: string): Promise<Stock[]>;
}
