/** The account at a supplier, as the secrets tell it. */
export interface Account {
  apiKey: string;
  secretKey: string;
  baseUrl: string;
  /** What the account is for, in the supplier's words. */
  sector?: string;
}

/** How long the secrets of a card may be; network-branded rewards are held as the provider's link. */
export const MAX_LENGTH = { code: 110, link: 500, pin: 32 };

/** What is wanted of a supplier; the same `clientRequestId` means the same card, however often it is asked for. */
export interface Order {
  clientRequestId: string;
  /** The brand's name at the supplier. */
  brandCode: string;
  /** The face value with two decimals, as "25.00". */
  amount: string;
  currency: string;
  sector: string | null;
  deliveryMethod: 'code' | 'url';
  /** What the supplier called an order that it makes later. */
  reference: string | null;
}

/** A card as its supplier hands it over, in clear; never logged and never stored like this. */
export interface BoughtCard {
  code: string;
  pin: string | null;
  /** The number that the store's support asks for; it cannot be redeemed. */
  serialNumber?: string;
  /** YYYY-MM-DD. */
  expiresOn: string | null;
}

interface Said {
  /** The supplier's own code, or the kind of its silence. */
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
 * What came of a call. `ordered`: the card comes later. `declined`: certainly not issued, and asking again is no use.
 * `short`: not issued for want of our money or their stock. `reversed` and `not_found`: certainly no card (any more).
 * `unknown`: everything else, for which only the same id may be asked again.
 */
export type Outcome =
  | Issued
  | (Said & { outcome: 'ordered' | 'declined' | 'short' | 'unknown' | 'reversed' | 'not_found' });

/** Our money at a supplier. */
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
  /** Whether what was issued can be taken back. */
  isReversible: boolean;
  deliveryMethods: string[];
  /** Values it can be bought in; empty when any within the limits. */
  denominations: string[];
  limits: { lower: string; upper: string } | null;
}

/** What is left of a brand in one value. */
export interface Stock {
  brandCode: string;
  denomination: string;
  available: number;
}

/** Whoever sells cards. */
export interface Supplier {
  /** Buys a card at once. Every failure of these four is an outcome, nothing is thrown. */
  issue(order: Order): Promise<Outcome>;
  /** Orders a card that comes later. */
  order(order: Order): Promise<Outcome>;
  /** Asks what became of an order. */
  orderStatus(order: Order): Promise<Outcome>;
  /** Takes back whatever the order has come to. */
  reverse(order: Order): Promise<Outcome>;
  /** Looks at our money; these three throw when the supplier cannot be asked. */
  floats(currency?: string): Promise<Float[]>;
  brands(brandCode?: string): Promise<CatalogueBrand[]>;
  stock(brandCode?: string): Promise<Stock[]>;
}
