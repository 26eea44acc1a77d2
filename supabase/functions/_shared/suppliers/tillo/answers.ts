import { z } from 'zod';
import { MAX_LENGTH } from '../../cards.ts';
import { dayOf } from '../../days.ts';
import type { BoughtCard, CatalogueBrand, Float, Order, Stock } from '../port.ts';

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
  url: text(MAX_LENGTH.link),
  // A date that cannot be read is no reason to lose a card.
  expiration_date: z.string().nullish().catch(null),
});

/** What stands in an answer to an order: the card, or what is wrong with it. */
export type CardAnswer =
  | { card: BoughtCard; reference?: string; cost?: string }
  | { problem: 'unreadable' | 'another_brand' | 'another_value' | 'no_card' };

/** Reads a card and holds it against what was ordered. */
export function readCard(data: unknown, order: Order): CardAnswer {
  const parsed = cardData.safeParse(data);
  if (!parsed.success) return { problem: 'unreadable' };
  const { brand, face_value, cost_value, reference, code, pin, url, expiration_date } = parsed.data;
  if (brand !== order.brandCode) return { problem: 'another_brand' };
  if (!isOrdered(face_value, order)) return { problem: 'another_value' };
  const [first, second] = order.deliveryMethod === 'url' ? [url, code] : [code, url];
  const text = first || second;
  if (!text) return { problem: 'no_card' };
  return {
    card: { code: text, pin: pin || null, expiresOn: dayOf((expiration_date ?? '').slice(0, 10)) },
    reference: reference || undefined,
    cost: cost_value?.currency === order.currency ? cost_value.amount : undefined,
  };
}

const orderData = z.object({ reference: z.string().min(1).max(100), face_value: money.optional() });

/** The reference of an order that was taken, or null when the answer does not fit the order. */
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

/** How far an order has come, or null when the answer does not say so. */
export function readStatus(data: unknown): z.output<typeof statusData> | null {
  return statusData.safeParse(data).data ?? null;
}

/** Whether an answer says that there is no such sale, which for order-status is no code of its own. */
export function saysNotFound(data: unknown): boolean {
  return data !== null && typeof data === 'object' &&
    Object.values(data).flat().some((words) => words === 'The sale could not be found.');
}

const floatsData = z.object({
  floats: z.union([
    z.record(z.string(), z.record(z.string(), z.object({ available_balance: money }))),
    z.array(z.never()).transform(() => ({})),
  ]),
});

/** Our money by currency and float; throws when the answer is not as documented. */
export function readFloats(data: unknown): Float[] {
  return Object.entries(floatsData.parse(data).floats).flatMap(([currency, floats]) =>
    Object.entries(floats).map(([name, { available_balance }]) => ({
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

const brandsData = z.object({
  brands: z.union([z.record(z.string(), brandData), z.array(z.never()).transform(() => ({}))]),
});

/** The catalogue; throws when the answer is not as documented. */
export function readBrands(data: unknown): CatalogueBrand[] {
  return Object.values(brandsData.parse(data).brands).map((brand) => ({
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

const stockData = z.record(
  z.string(),
  z.union([
    z.record(z.string(), z.union([z.literal('OUT'), z.string().regex(/^\d{1,9}$/)])),
    z.array(z.never()).transform(() => ({})),
  ]),
);

/** What is left by brand and value; throws when the answer is not as documented. */
export function readStock(data: unknown): Stock[] {
  return Object.entries(stockData.parse(data)).flatMap(([brandCode, values]) =>
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
