import { z } from 'zod';
import { dayOf } from '../../../http/days.ts';
import { log } from '../../../http/log.ts';
import { type BoughtCard, type CatalogueBrand, type Float, MAX_LENGTH, type Order, type Stock } from '../port.ts';

const AMOUNT = /^\d{1,9}(\.\d{1,2}0*)?$/;

// Amounts come as numbers or as texts.
const amount = z.union([z.string(), z.number()]).transform(String).refine((text) => AMOUNT.test(text));

const money = z.object({ amount, currency: z.string() });

const text = (maxLength: number) => z.string().trim().max(maxLength).nullish();

const MAX_NAME_LENGTH = 200;

const cardData = z.object({
  brand: z.string(),
  face_value: money,
  cost_value: money.nullish().catch(null),
  reference: text(100),
  code: text(MAX_LENGTH.code),
  pin: text(MAX_LENGTH.pin),
  // Some brands call the PIN so; the number of the card itself is no secret, and none that is odd loses a card.
  security_code: text(MAX_LENGTH.pin),
  serial_number: z.union([z.string(), z.number()]).transform(String).pipe(
    z.string().trim().regex(/^[\x20-\x7e]{1,64}$/),
  ).nullish()
    .catch(null),
  url: text(MAX_LENGTH.link),
  // An unreadable date must not lose the card.
  expiration_date: z.string().nullish().catch(null),
});

/** The content of an answer to an order: the card, or its problem. */
export type CardAnswer =
  | { card: BoughtCard; reference?: string; cost?: string }
  | { problem: 'unreadable' | 'another_brand' | 'another_value' | 'no_card' };

/** Reads a card and compares it with the order. */
export function readCard(data: unknown, order: Order): CardAnswer {
  const parsed = cardData.safeParse(data);
  if (!parsed.success) return { problem: 'unreadable' };
  const { brand, face_value, cost_value, reference, code, pin, url, expiration_date, security_code, serial_number } =
    parsed.data;
  if (brand !== order.brandCode) return { problem: 'another_brand' };
  if (!isOrdered(face_value, order)) return { problem: 'another_value' };
  const [first, second] = order.deliveryMethod === 'url' ? [url, code] : [code, url];
  // A card that is known by its serial number alone is paid with by it.
  const text = first || second || serial_number;
  if (!text) return { problem: 'no_card' };
  return {
    card: {
      code: text,
      pin: pinOf(pin, security_code),
      expiresOn: dayOf((expiration_date ?? '').slice(0, 10)),
      ...(serial_number ? { serialNumber: serial_number } : {}),
    },
    reference: reference || undefined,
    cost: cost_value?.currency === order.currency ? cost_value.amount : undefined,
  };
}

/** What must be typed beside the code; both where a brand has a PIN and a security code. */
function pinOf(pin?: string | null, securityCode?: string | null): string | null {
  const words = [pin, securityCode].filter((word, place, all) => word && all.indexOf(word) === place);
  return words.length > 0 ? words.join(' / ') : null;
}

const orderData = z.object({ reference: z.string().min(1).max(100), face_value: money.optional() });

/** The reference of an accepted order, or null when the answer does not fit the order. */
export function readReference(data: unknown, order: Order): string | null {
  const parsed = orderData.safeParse(data);
  if (!parsed.success) return null;
  const { reference, face_value } = parsed.data;
  return face_value === undefined || isOrdered(face_value, order) ? reference : null;
}

const statusData = z.object({
  status: z.enum(['REQUESTED', 'PENDING', 'PROCESSING', 'SUCCESS', 'ERROR', 'CANCELLED']),
  reference: text(100),
});

/** The state of an order, or null when the answer does not name it. */
export function readStatus(data: unknown): z.output<typeof statusData> | null {
  return statusData.safeParse(data).data ?? null;
}

/** Whether an answer says that there is no such sale, which for order-status is no code of its own. */
export function saysNotFound(data: unknown): boolean {
  return data !== null && typeof data === 'object' &&
    Object.values(data).flat().some((words) => words === 'The sale could not be found.');
}

/** Those of several that can be read: an odd one is logged by name, and all being odd means that the answer is another one. */
function readable<Item>(
  kind: string,
  told: Record<string, unknown>,
  item: z.ZodType<Item>,
): [name: string, item: Item][] {
  const read = Object.entries(told).map(([name, value]) => [name, item.safeParse(value)] as const);
  const odd = read.filter(([, { success }]) => !success).map(([name]) => name);
  if (odd.length > 0) log(`[TILLO] Unreadable ${kind}`, { names: odd.slice(0, 20), count: odd.length }, 'error');
  if (odd.length > 0 && odd.length === read.length) throw new Error(`Tillo's ${kind} are not as documented`);
  return read.flatMap(([name, { data }]) => (data === undefined ? [] : [[name, data]]));
}

const none = z.array(z.never()).transform(() => ({}));

const floatsData = z.object({ floats: z.union([z.record(z.string(), z.record(z.string(), z.unknown())), none]) });

const floatData = z.object({ available_balance: money });

/** The floats by currency and name; throws when the answer is not as documented. */
export function readFloats(data: unknown): Float[] {
  return Object.entries(floatsData.parse(data).floats).flatMap(([currency, floats]) =>
    readable('floats', floats, floatData).map(([name, { available_balance }]) => ({
      name,
      currency,
      available: available_balance.amount,
    }))
  );
}

const brandData = z.object({
  slug: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string().max(MAX_NAME_LENGTH),
  currency: z.string(),
  status: z.object({ code: z.string() }),
  async_only: z.boolean().default(false),
  transaction_types: z.array(z.string()).default([]),
  delivery_methods: z.array(z.string()).default([]),
  digital_denominations: z.array(amount).default([]),
  digital_face_value_limits: z.object({ lower: amount, upper: amount }).nullish(),
});

const brandsData = z.object({ brands: z.union([z.record(z.string(), z.unknown()), none]) });

/** The catalogue; throws when the answer is not as documented. */
export function readBrands(data: unknown): CatalogueBrand[] {
  return readable('brands', brandsData.parse(data).brands, brandData).map(([, brand]) => ({
    brandCode: brand.slug,
    name: brand.name,
    currency: brand.currency,
    isEnabled: brand.status.code === 'ENABLED',
    isAsynchronous: brand.async_only,
    isReversible: brand.transaction_types.includes('cancelled_digital_issuance'),
    deliveryMethods: brand.delivery_methods,
    denominations: brand.digital_denominations,
    limits: brand.digital_face_value_limits ?? null,
  }));
}

const stockData = z.record(z.string(), z.unknown());

const brandStock = z.union([z.record(z.string(), z.union([z.literal('OUT'), z.string().regex(/^\d{1,9}$/)])), none]);

/** The stock by brand and value; throws when the answer is not as documented. */
export function readStock(data: unknown): Stock[] {
  return readable('stock', stockData.parse(data), brandStock).flatMap(([brandCode, values]) =>
    Object.entries(values).map(([denomination, left]) => ({
      brandCode,
      denomination,
      available: left === 'OUT' ? 0 : Number(left),
    }))
  );
}

function isOrdered(value: z.output<typeof money>, { amount, currency }: Order): boolean {
  return value.currency === currency && centsOf(value.amount) === centsOf(amount);
}

function centsOf(amount: string): number {
  return Math.round(Number(amount) * 100);
}
