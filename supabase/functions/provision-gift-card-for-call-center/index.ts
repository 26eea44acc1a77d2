import { z } from 'zod';
import { provide } from '../_shared/gift_cards/buy.ts';
import { conditionNumber, email, text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestArgs } from '../_shared/http/parse.ts';
import { contactFor, deliveryMethod, smsPhone } from '../_shared/http/phone.ts';
import { announce } from '../_shared/gift_cards/present.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({
  callSessionId: uuid.nullish(),
  confirmationCode: text(64).nullish(),
  recipientId: uuid.nullish(),
  conditionNumber,
  deliveryMethod,
  phone: smsPhone.nullish(),
  email: email.nullish(),
  skipVerification: z.boolean().default(false),
  reason: text(500).nullish(),
}).refine((body) => body.confirmationCode ?? body.recipientId, { path: ['confirmationCode'], error: 'is required' });

const secrets = ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'];

/** Gives the recipient on the line a card and sends it; the agent sees its last digits only. */
export default {
  fetch: serve({ auth: 'user', tag: 'PROVISION', family: 'GC', secrets }, async (request, context) => {
    const body = await readJson(request, schema);
    const answer = await provide(context, 'provision_gift_card_for_call_center', {
      actor: context.actor,
      call_session_id: body.callSessionId ?? null,
      confirmation_code: body.confirmationCode ?? null,
      recipient_id: body.recipientId ?? null,
      condition_number: body.conditionNumber,
      delivery_method: body.deliveryMethod,
      deliver_to: contactFor(body.deliveryMethod, body),
      skip_verification: body.skipVerification,
      reason: body.reason ?? null,
      ...requestArgs(context, 'provision-gift-card-for-call-center', body),
    });
    announce(context, answer);
    return { ...answer.result };
  }),
};
