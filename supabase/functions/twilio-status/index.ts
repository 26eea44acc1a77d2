import { uuid } from '../_shared/http/fields.ts';
import { check } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { readTwilioWebhook } from '../_shared/messages/providers/twilio/webhook.ts';
import { callback, contract } from './contract.ts';

export default {
  fetch: serve(contract, async (form, { rpc }, request) => {
    const { fields } = readTwilioWebhook(form, request, contract.name);
    const { MessageSid, MessageStatus, ErrorCode } = check(fields, callback);
    const attempt = new URL(request.url).searchParams.get('attempt');
    await rpc('record_delivery_status', {
      provider: 'twilio',
      provider_message_id: MessageSid,
      attempt_id: uuid.safeParse(attempt).data ?? null,
      provider_status: MessageStatus,
      error_code: ErrorCode || null,
    });
    return null;
  }),
};
