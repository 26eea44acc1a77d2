import { provide } from '../_shared/gift_cards/buy.ts';
import { announce } from '../_shared/gift_cards/present.ts';
import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { contactFor } from '../_shared/http/phone.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (body, context) => {
    const answer = await provide<AnswerOf<typeof contract>>(context, 'provision_gift_card_for_call_center', {
      call_session_id: body.callSessionId ?? null,
      confirmation_code: body.confirmationCode ?? null,
      recipient_id: body.recipientId ?? null,
      condition_number: body.conditionNumber,
      delivery_method: body.deliveryMethod,
      deliver_to: contactFor(body.deliveryMethod, body),
      skip_verification: body.skipVerification,
      reason: body.reason ?? null,
      ...requestOf(context, 'provision-gift-card-for-call-center', body),
    });
    announce(context, answer);
    return answer.result;
  }),
};
