import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** An answer in Tillo's envelope. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** A brand of the catalogue; amounts are texts with two decimals. */
export interface Brand {
  slug: string;
  name: string;
  currency: string;
  /** Whether its cards come later. */
  isAsynchronous: boolean;
  isReversible: boolean;
  isEnabled: boolean;
  deliveryMethods: string[];
  discount: number;
  /** Values it is sold in; any from 1 to 1000 when there are none. */
  denominations: string[];
  /** Stock by value, for brands with limited stock. */
  stock: Record<string, number> | null;
  /** Whether its cards have a security code and a serial number instead of a PIN. */
  hasSecurityCode?: boolean;
}

/** A card that was sold. */
export interface Sale {
  clientRequestId: string;
  reference: string;
  brand: string;
  amount: string;
  currency: string;
  /** What it costs the buyer, in cents. */
  cost: number;
  isOrder: boolean;
  deliveryMethod: string;
  code: string;
  pin: string;
  /** Unix time in milliseconds. */
  at: number;
  status: 'issued' | 'failed' | 'reversed';
}

interface Entry {
  account: string;
  sale?: Sale;
  brand?: Brand;
  float?: { currency: string; cents: number };
  answer?: { clientRequestId: string; asked: string; answer: Answer };
}

const START_CENTS = 100_000_000;
const SYMBOLS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

const USUAL = {
  currency: 'USD',
  isAsynchronous: false,
  isReversible: true,
  isEnabled: true,
  deliveryMethods: ['code', 'url'],
  discount: 6,
  denominations: [],
  stock: null,
};

/** The initial brands; those of Tillo's own sandbox have its names. */
const CATALOGUE: Brand[] = [
  { ...USUAL, slug: 'amazon', name: 'Amazon' },
  { ...USUAL, slug: 'apple', name: 'Apple' },
  { ...USUAL, slug: 'target', name: 'Target' },
  { ...USUAL, slug: 'starbucks', name: 'Starbucks' },
  { ...USUAL, slug: 'walmart', name: 'Walmart' },
  { ...USUAL, slug: 'visa', name: 'Visa', deliveryMethods: ['url'], isReversible: false },
  { ...USUAL, slug: 'fixed-sync-us', name: 'Fixed Sync US', denominations: ['10.00', '25.00', '50.00'] },
  { ...USUAL, slug: 'fixed-async-us', name: 'Fixed Async US', isAsynchronous: true, denominations: ['25.00'] },
  { ...USUAL, slug: 'sync-open-code-uk', name: 'Sync Open Code UK', currency: 'GBP', deliveryMethods: ['code'] },
  { ...USUAL, slug: 'open-async-eur', name: 'Open Async EUR', currency: 'EUR', isAsynchronous: true },
];

/** Sales and floats of one account; with a file they survive a restart. */
export class Books {
  readonly sales = new Map<string, Sale>();
  readonly brands = new Map<string, Brand>(CATALOGUE.map((brand) => [brand.slug, brand]));
  readonly floats = new Map<string, number>();
  readonly answers = new Map<string, { asked: string; answer: Answer }>();

  constructor(readonly account: string, private readonly file?: string) {
    if (!file || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) this.#take(parsed(line));
  }

  floatOf(currency: string): number {
    return this.floats.get(currency) ?? START_CENTS;
  }

  /** Sells a card: one line in the file, so that a kill leaves all of it or nothing. */
  sell(sale: Sale, asked: string, answer: Answer): void {
    this.#write({
      sale,
      float: { currency: sale.currency, cents: this.floatOf(sale.currency) - sale.cost },
      answer: { clientRequestId: sale.clientRequestId, asked, answer },
    });
    const stock = this.brands.get(sale.brand)?.stock;
    if (stock) stock[sale.amount]--;
  }

  /** Reverses a card, or records that an order failed, and refunds it. */
  giveBack(sale: Sale, status: 'failed' | 'reversed', answered?: { clientRequestId: string; answer: Answer }): void {
    this.#write({
      sale: { ...sale, status },
      float: { currency: sale.currency, cents: this.floatOf(sale.currency) + sale.cost },
      answer: answered && { ...answered, asked: sale.clientRequestId },
    });
  }

  putBrand(brand: Partial<Brand> & { slug: string }): Brand {
    const whole = { ...USUAL, name: brand.slug, ...this.brands.get(brand.slug), ...brand };
    this.#write({ brand: whole });
    return whole;
  }

  putFloat(currency: string, cents: number): void {
    this.#write({ float: { currency, cents } });
  }

  backdate(sale: Sale, hours: number): void {
    this.#write({ sale: { ...sale, at: sale.at - hours * 3_600_000 } });
  }

  #write(entry: Omit<Entry, 'account'>): void {
    const line = { account: this.account, ...entry };
    if (this.file) appendFileSync(this.file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    this.#take(line);
  }

  #take(entry: Entry | undefined): void {
    if (entry?.account !== this.account) return;
    const { sale, brand, float, answer } = entry;
    if (sale) this.sales.set(sale.clientRequestId, sale);
    if (brand) this.brands.set(brand.slug, brand);
    if (float) this.floats.set(float.currency, float.cents);
    if (answer) this.answers.set(answer.clientRequestId, answer);
  }
}

/** Secrets for a new card. */
export function newCard(slug: string): { reference: string; code: string; pin: string } {
  const word = () => Array.from({ length: 4 }, () => SYMBOLS[randomInt(SYMBOLS.length)]).join('');
  const prefix = slug.replace(/[^a-z]/g, '').slice(0, 4).toUpperCase();
  return {
    reference: randomUUID(),
    code: `${prefix}-${word()}-${word()}-${randomBytes(2).toString('hex').toUpperCase()}`,
    pin: String(randomInt(1000, 10_000)),
  };
}

// A kill during a write leaves half a line.
function parsed(line: string): Entry | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
