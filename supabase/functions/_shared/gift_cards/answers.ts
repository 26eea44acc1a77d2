// What functions answer about gift cards.
import { z } from 'zod';
import { currency, id, money, time } from '../http/answers.ts';

/** A card without its code. */
export const giftCard = z.strictObject({
  id,
  brandId: id,
  brand: z.string(),
  denomination: money,
  currency,
  expiresAt: time.nullable(),
  redemptionUrl: z.string().nullable(),
  termsUrl: z.string().nullable(),
  codeLast4: z.string(),
  status: z.enum(['claimed', 'delivered', 'stuck', 'redeemed', 'expired', 'cancelled']),
  serialNumber: z.string().optional(),
});

/** A card with its code, for the one who is to have it. */
export const shownCard = giftCard.extend({ code: z.string(), pin: z.string().nullable() });

/** A card that a condition promised, given to its recipient. */
export const provisioned = z.strictObject({
  giftCard,
  source: z.string().describe('"inventory", or the supplier that sold the card'),
  campaignId: id,
  grantId: id,
  billing: z.strictObject({ id, price: money, currency, platformPrice: money.optional() }).nullable()
    .describe('Null unless the caller may read the bill'),
  delivery: z.strictObject({ id, method: z.enum(['sms', 'email']), status: z.string() }).nullable(),
});

/** The same with the card's code. */
export const shown = provisioned.extend({ giftCard: shownCard });

export const exampleCard = {
  id: '7980ef15-776d-41f6-946e-0ade3958d09a',
  brandId: '00000000-0000-4000-8000-000000000101',
  brand: 'Coffee House',
  denomination: 25,
  currency: 'USD',
  expiresAt: '2028-01-01T05:00:00+00:00',
  redemptionUrl: 'https://coffee.example/redeem',
  termsUrl: null,
  codeLast4: 'CEG4',
  status: 'claimed' as const,
};

export const exampleShownCard = { ...exampleCard, code: 'DEMO-F849A-QXDRS-6CEG4', pin: '40718' };

export const exampleProvisioned = {
  giftCard: exampleCard,
  source: 'inventory',
  campaignId: '00000000-0000-4000-8000-000000000201',
  grantId: '3d7ed131-ac3d-42ff-bc67-0683f892e0d5',
  billing: null,
  delivery: { id: 'e575637d-e757-46bc-8ad7-7c8923906543', method: 'sms' as const, status: 'queued' },
};
