// What functions answer about messages.
import { z } from 'zod';
import { count, id } from '../http/answers.ts';

/** A message and how far it is. */
export const delivery = z.strictObject({
  id,
  method: z.enum(['sms', 'email']),
  status: z.string(),
  attempts: count,
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  providerMessageId: z.string().nullable(),
});

/** How far a delivery is. */
export type Delivery = z.output<typeof delivery>;

export const exampleDelivery: Delivery = {
  id: 'b0810d3c-0c75-419f-b460-a84eec6855b8',
  method: 'sms',
  status: 'sent',
  attempts: 1,
  errorCode: null,
  errorMessage: null,
  providerMessageId: 'SM55b33af8312b725ec09bd51a70e19410',
};
