import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ callerPhone, campaignId, confirmationCode }, context) => {
    const { result } = await context.rpc<AnswerOf<typeof contract>>('start_call_session', {
      caller_phone: callerPhone,
      campaign_id: campaignId ?? null,
      confirmation_code: confirmationCode ?? null,
      ...requestOf(context),
    });
    context.log('[CALL] Session started', { callSessionId: result.callSessionId, matches: result.matches.length });
    return result;
  }),
};
