import { z } from 'zod';
import { exampleCard } from '../_shared/gift_cards/answers.ts';
import { id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { email, text, uuid } from '../_shared/http/fields.ts';
import { delivery, exampleDelivery } from '../_shared/messages/answers.ts';

/** Sends a given card to its recipient again by e-mail, for an agent, an admin or a trusted server. */
export const contract = defineContract({
  name: 'send-gift-card-email',
  summary: 'Sends a given card to its recipient again by e-mail',
  auth: ['user', 'secret'],
  tag: 'SEND-EMAIL',
  family: 'GC',
  secrets: ['SENDGRID_API_KEY', 'SENDGRID_FROM_EMAIL', 'CARD_SEAL_KEYS'],
  isIdempotent: true,
  request: z.strictObject({ giftCardId: uuid, email: email.nullish(), reason: text(500).nullish() }),
  answer: z.strictObject({ giftCardId: id, delivery }),
  codes: ['GC-009', 'GC-014', 'RB-400', 'RB-403', 'RB-404', 'RB-429'],
  example: {
    request: { giftCardId: exampleCard.id },
    answer: {
      giftCardId: exampleCard.id,
      delivery: { ...exampleDelivery, method: 'email', providerMessageId: 'ikAvDt4exmcjWOlNy4_liA' },
    },
  },
});
