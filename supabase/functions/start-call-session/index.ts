import type { AnswerOf } from '../_shared/http/contract.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ callerPhone, campaignId, confirmationCode }, context) => {
    const { result } = await context.rpc<AnswerOf<typeof contract>>('start_call_session', {
      actor: context.actor,
      caller_phone: callerPhone,
      campaign_id: campaignId ?? null,
      request_id: context.requestId,
      confirmation_code: confirmationCode ?? null,
    });
    context.log('[CALL] Session started', { callSessionId: result.callSessionId, matches: result.matches.length });
    return result;
  }),
};
