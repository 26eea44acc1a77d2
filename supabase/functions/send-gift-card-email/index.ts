import { z } from 'zod';
import { email, text, uuid } from '../_shared/http/fields.ts';
import { readJson } from '../_shared/http/parse.ts';
import { resend } from '../_shared/gift_cards/resend.ts';
import { serve } from '../_shared/http/serve.ts';

const body = z.strictObject({ giftCardId: uuid, email: email.nullish(), reason: text(500).nullish() });

const secrets = ['SENDGRID_API_KEY', 'SENDGRID_FROM_EMAIL', 'CARD_SEAL_KEYS'];

/** Sends a given card to its recipient again by e-mail, for an agent, an admin or a trusted server. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'SEND-EMAIL', family: 'GC', secrets }, async (request, context) => {
    const { giftCardId, email, reason } = await readJson(request, body);
    return resend(context, 'email', { giftCardId, deliverTo: email ?? null, reason: reason ?? null });
  }),
};
