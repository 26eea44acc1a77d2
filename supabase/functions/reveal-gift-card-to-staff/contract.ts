import { z } from 'zod';
import { exampleShownCard, shownCard } from '../_shared/gift_cards/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text, uuid } from '../_shared/http/fields.ts';

/** Shows a given card to an agent or admin who says why; so many a day for each, audited. */
export const contract = defineContract({
  name: 'reveal-gift-card-to-staff',
  summary: 'Shows a given card to staff of its client, with a reason',
  auth: 'user',
  tag: 'REVEAL',
  family: 'GC',
  secrets: ['CARD_SEAL_KEYS'],
  request: z.strictObject({ giftCardId: uuid, reason: text(500) }),
  answer: z.strictObject({ giftCard: shownCard }),
  codes: ['RB-400', 'RB-403', 'RB-404', 'RB-429'],
  example: {
    request: { giftCardId: exampleShownCard.id, reason: 'The recipient has lost the message' },
    answer: { giftCard: { ...exampleShownCard, status: 'delivered' } },
  },
});
