import { z } from 'zod';
import { uuid } from '../_shared/http/fields.ts';
import { check } from '../_shared/http/parse.ts';
import { readTwilioWebhook } from '../_shared/messages/providers/twilio/webhook.ts';
import { serve } from '../_shared/http/serve.ts';

const callback = z.object({
  MessageSid: z.string().regex(/^[SM]M[0-9a-f]{32}$/i),
  MessageStatus: z.string().regex(/^[a-z_]{1,32}$/),
  ErrorCode: z.string().regex(/^\d{0,6}$/).optional(),
});

/** Takes what Twilio tells about a message; repeated, late and unknown messages are taken and change nothing. */
export default {
  fetch: serve({ auth: 'none', tag: 'TWILIO', secrets: ['TWILIO_AUTH_TOKEN'] }, async (request, { rpc }) => {
    const { fields } = await readTwilioWebhook(request, 'twilio-status');
    const { MessageSid, MessageStatus, ErrorCode } = check(fields, callback);
    const attempt = new URL(request.url).searchParams.get('attempt');
    await rpc('record_delivery_status', {
      provider: 'twilio',
      provider_message_id: MessageSid,
      attempt_id: uuid.safeParse(attempt).data ?? null,
      provider_status: MessageStatus,
      error_code: ErrorCode || null,
    });
    return new Response(null, { status: 204 });
  }),
};
