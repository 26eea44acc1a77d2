import { z } from 'zod';
import { count, currency, id, money } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';

const totals = z.strictObject({
  currency,
  cards: count,
  ownCards: count,
  cardsBoughtBefore: count,
  cardsSold: count,
  amount: money,
  paidFromCredit: money,
  amountDue: money,
});

const credit = z.strictObject({
  currency,
  opening: money,
  allocated: money,
  passedOn: money,
  charged: money,
  reversed: money,
  closing: money,
});

const line = z.strictObject({
  clientId: id,
  clientName: z.string(),
  kind: z.enum(['card', 'card_reversed', 'own_card', 'own_card_reversed', 'sale', 'sale_returned']),
  campaignId: id.nullable(),
  campaignName: z.string().nullable(),
  brand: z.string(),
  denomination: money,
  currency,
  quantity: z.int(),
  unitPrice: money,
  amount: money,
  payment: z.enum(['credit', 'invoice', 'sale']),
});

/** What a client or an agency was billed in a month, as JSON or as a CSV file, for its admins or a trusted server. */
export const contract = defineContract({
  name: 'billing-statement',
  summary: 'Returns what a client or an agency was billed in a month',
  auth: ['user', 'secret'],
  tag: 'BILLING',
  family: 'GC',
  request: z.strictObject({
    clientId: uuid.nullish(),
    agencyId: uuid.nullish(),
    month: z.string().regex(/^2\d{3}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-01'),
    format: z.enum(['json', 'csv'], 'must be "json" or "csv"').nullish(),
  }).refine(({ clientId, agencyId }) => !clientId !== !agencyId, 'must name a clientId or an agencyId'),
  answer: z.strictObject({
    clientId: id.optional(),
    agencyId: id.optional(),
    name: z.string(),
    month: z.string(),
    totals: z.array(totals),
    credit: z.array(credit),
    lines: z.array(line),
  }),
  file: 'text/csv',
  codes: ['RB-400', 'RB-403', 'RB-404'],
  example: {
    request: { clientId: '00000000-0000-4000-8000-000000000002', month: '2026-11' },
    answer: {
      clientId: '00000000-0000-4000-8000-000000000002',
      name: 'Demo Client',
      month: '2026-11',
      totals: [{
        currency: 'USD',
        cards: 1,
        ownCards: 0,
        cardsBoughtBefore: 0,
        cardsSold: 0,
        amount: 25,
        paidFromCredit: 0,
        amountDue: 25,
      }],
      credit: [],
      lines: [{
        clientId: '00000000-0000-4000-8000-000000000002',
        clientName: 'Demo Client',
        kind: 'card',
        campaignId: '00000000-0000-4000-8000-000000000201',
        campaignName: 'Spring campaign',
        brand: 'Coffee House',
        denomination: 25,
        currency: 'USD',
        quantity: 1,
        unitPrice: 25,
        amount: 25,
        payment: 'invoice',
      }],
    },
  },
});
