import { z } from 'zod';
import { text, uuid } from '../_shared/http/fields.ts';
import { readJson } from '../_shared/http/parse.ts';
import { callerId } from '../_shared/http/phone.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({
  callerPhone: callerId,
  campaignId: uuid.nullish(),
  confirmationCode: text(64).nullish(),
});

/** Opens a call session and answers with the recipients the caller's phone number, or redemption code, belongs to. */
export default {
  fetch: serve({ auth: 'user', tag: 'CALL', family: 'GC' }, async (request, context) => {
    const { callerPhone, campaignId, confirmationCode } = await readJson(request, schema);
    const { result } = await context.rpc<{ callSessionId: string; matches: unknown[] }>('start_call_session', {
      actor: context.actor,
      caller_phone: callerPhone,
      campaign_id: campaignId ?? null,
      request_id: context.requestId,
      confirmation_code: confirmationCode ?? null,
    });
    context.log('[CALL] Session started', { callSessionId: result.callSessionId, matches: result.matches.length });
    return { ...result };
  }),
};
