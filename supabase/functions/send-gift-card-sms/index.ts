import { z } from 'zod';
import { text, uuid } from '../_shared/http/fields.ts';
import { readJson } from '../_shared/http/parse.ts';
import { smsPhone } from '../_shared/http/phone.ts';
import { resend } from '../_shared/gift_cards/resend.ts';
import { serve } from '../_shared/http/serve.ts';

const body = z.strictObject({ giftCardId: uuid, phone: smsPhone.nullish(), reason: text(500).nullish() });

const secrets = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM_NUMBER', 'CARD_SEAL_KEYS'];

/** Sends a given card to its recipient again by SMS, for an agent, an admin or a trusted server. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'SEND-SMS', family: 'GC', secrets }, async (request, context) => {
    const { giftCardId, phone, reason } = await readJson(request, body);
    return resend(context, 'sms', { giftCardId, deliverTo: phone ?? null, reason: reason ?? null });
  }),
};
