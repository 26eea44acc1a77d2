import { z } from 'zod';
import { adapterNames } from '../_shared/gift_cards/open_supplier.ts';
import { count, currency } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';

const word = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be a word in small letters');

const float = z.strictObject({ name: z.string(), currency, available: z.string() });

const brand = z.strictObject({
  brandCode: z.string(),
  name: z.string(),
  currency,
  isEnabled: z.boolean(),
  isAsynchronous: z.boolean(),
  isReversible: z.boolean(),
  deliveryMethods: z.array(z.string()),
  denominations: z.array(z.string()),
  limits: z.strictObject({ lower: z.string(), upper: z.string() }).nullable(),
});

const stock = z.strictObject({ brandCode: z.string(), denomination: z.string(), available: count });

/** Shows a trusted server what a supplier says of our money there, of its brands and of its stock. */
export const contract = defineContract({
  name: 'check-supplier',
  summary: "Returns a supplier's floats, brands or stock",
  auth: 'secret',
  tag: 'SUPPLIERS',
  family: 'GC',
  request: z.strictObject({
    supplier: word,
    adapter: z.enum(adapterNames, `must be one of ${adapterNames.join(', ')}`).default('tillo'),
    show: z.enum(['floats', 'brands', 'stock'], 'must be "floats", "brands" or "stock"'),
    brandCode: z.string().regex(/^[a-z0-9-]{1,100}$/, "must be the supplier's name of a brand").optional(),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as USD').optional(),
  }),
  answer: z.union([
    z.strictObject({ floats: z.array(float) }),
    z.strictObject({ brands: z.array(brand) }),
    z.strictObject({ stock: z.array(stock) }),
  ]),
  codes: ['GC-005'],
  example: {
    request: { supplier: 'tillo', show: 'floats', currency: 'USD' },
    answer: { floats: [{ name: 'universal-float', currency: 'USD', available: '1000000' }] },
  },
});
