import { z } from 'zod';
import { Refusal } from '../_shared/errors.ts';
import { uuid } from '../_shared/fields.ts';
import { check, readBytes } from '../_shared/parse.ts';
import { isSignedByTwilio } from '../_shared/providers/twilio/signature.ts';
import { functionsUrl } from '../_shared/public_url.ts';
import { secret } from '../_shared/secrets.ts';
import { serve } from '../_shared/serve.ts';

const MAX_BYTES = 64 * 1024;

const callback = z.object({
  MessageSid: z.string().regex(/^[SM]M[0-9a-f]{32}$/i),
  MessageStatus: z.string().regex(/^[a-z_]{1,32}$/),
  ErrorCode: z.string().regex(/^\d{0,6}$/).optional(),
});

/** Takes what Twilio tells about a message; repeated, late and unknown messages are taken and change nothing. */
export default {
  fetch: serve({ auth: 'none', tag: 'TWILIO', secrets: ['TWILIO_AUTH_TOKEN'] }, async (request, { rpc }) => {
    const { search, searchParams } = new URL(request.url);
    const form = new URLSearchParams(new TextDecoder().decode(await readBytes(request, MAX_BYTES)));
    const fields = Object.fromEntries(form);
    const signature = request.headers.get('x-twilio-signature');
    if (!isSignedByTwilio(secret('TWILIO_AUTH_TOKEN'), functionsUrl(`twilio-status${search}`), signature, fields)) {
      throw new Refusal('RB-403', {}, 'Not signed by Twilio');
    }
    const { MessageSid, MessageStatus, ErrorCode } = check(fields, callback);
    await rpc('record_delivery_status', {
      provider: 'twilio',
      provider_message_id: MessageSid,
      attempt_id: uuid.safeParse(searchParams.get('attempt')).data ?? null,
      provider_status: MessageStatus,
      error_code: ErrorCode || null,
    });
    return new Response(null, { status: 204 });
  }),
};
