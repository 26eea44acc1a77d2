import { z } from 'zod';
import { exampleCard } from '../_shared/gift_cards/answers.ts';
import { id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text, uuid } from '../_shared/http/fields.ts';
import { smsPhone } from '../_shared/http/phone.ts';
import { delivery, exampleDelivery } from '../_shared/messages/answers.ts';

/** Sends a given card to its recipient again by SMS, for an agent, an admin or a trusted server. */
export const contract = defineContract({
  name: 'send-gift-card-sms',
  summary: 'Sends a given card to its recipient again by SMS',
  auth: ['user', 'secret'],
  tag: 'SEND-SMS',
  family: 'GC',
  secrets: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM_NUMBER', 'CARD_SEAL_KEYS'],
  isIdempotent: true,
  request: z.strictObject({ giftCardId: uuid, phone: smsPhone.nullish(), reason: text(500).nullish() }),
  answer: z.strictObject({ giftCardId: id, delivery }),
  codes: ['GC-009', 'GC-014', 'RB-400', 'RB-403', 'RB-404', 'RB-429'],
  example: {
    request: { giftCardId: exampleCard.id },
    answer: { giftCardId: exampleCard.id, delivery: exampleDelivery },
  },
});
