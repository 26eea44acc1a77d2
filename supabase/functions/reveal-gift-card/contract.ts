import { z } from 'zod';
import { exampleShownCard, shownCard } from '../_shared/gift_cards/answers.ts';
import { time } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text } from '../_shared/http/fields.ts';

/** Shows the card of a claim link to the device that opens it first, and to that one again for a short while. */
export const contract = defineContract({
  name: 'reveal-gift-card',
  summary: 'Shows the card of a claim link to the first device that opens it',
  auth: 'publishable',
  tag: 'REVEAL',
  family: 'GC',
  secrets: ['CARD_SEAL_KEYS'],
  request: z.strictObject({
    token: text(64),
    device: text(128).refine((value) => value.length >= 16, 'must have at least 16 characters'),
  }),
  answer: z.strictObject({ giftCard: shownCard, visibleUntil: time }),
  codes: ['RB-410', 'RB-429'],
  example: {
    request: {
      token: 'cGvr6zO2RZm3c4m0mTq0bJbB2WQmJqO1nXyBvZ3d8Aw',
      device: 'a4701500-792d-49a2-a02a-4dc63fe764a3',
    },
    answer: {
      giftCard: { ...exampleShownCard, status: 'delivered' },
      visibleUntil: '2026-11-28T16:15:20.496303+00:00',
    },
  },
});
