import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (said, context) => {
    const { result } = await context.rpc<AnswerOf<typeof contract>>('record_recipient_consent', {
      recipient_id: said.recipientId,
      channel: said.channel,
      action: said.action,
      source: said.source,
      wording: said.wording ?? null,
      address: (said.channel === 'sms' ? said.phone : said.email) ?? null,
      wording_version: said.wordingVersion ?? null,
      ip: said.ip ?? null,
      ...requestOf(context, 'record-consent', said),
    });
    context.log('[CONSENT] Recorded', { consentId: result.consentId, action: result.action });
    return result;
  }),
};
