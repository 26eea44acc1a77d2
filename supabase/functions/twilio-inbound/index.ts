import { z } from 'zod';
import { check } from '../_shared/http/parse.ts';
import { readTwilioWebhook } from '../_shared/messages/providers/twilio/webhook.ts';
import { serve } from '../_shared/http/serve.ts';
import { type Answer, twiml } from './answer.ts';
import { isTwiliosKeyword, meaningOfAll } from './meaning.ts';

// Longer than any channel's messages; the form as a whole is limited before.
const MAX_BODY = 4096;

const inbound = z.object({
  MessageSid: z.string().regex(/^[SM]M[0-9a-f]{32}$/i),
  // The same number wants nothing more, whichever of its apps said so.
  From: z.string().min(1).max(64).toLowerCase().transform((from) => from.replace(/^(rcs|whatsapp):/, '')),
  // What is odd about the rest must not lose a STOP.
  To: z.string().max(64).optional().catch(undefined),
  Body: z.string().default('').transform(storable),
  NumMedia: z.coerce.number().int().min(0).max(99).catch(0),
  OptOutType: z.enum(['STOP', 'START', 'HELP']).optional().catch(undefined),
});

function storable(body: string): string {
  return body.replaceAll('\0', '').slice(0, MAX_BODY).toWellFormed();
}

/** The app that a message came through: a WhatsApp word counts for WhatsApp. */
function appOf(from: string): string {
  return from.match(/^(rcs|whatsapp):/i)?.[1].toLowerCase() ?? 'sms';
}

/** Takes what a recipient wrote: opts in or out, answers HELP, keeps everything; Twilio's own answers are not repeated. */
export default {
  fetch: serve({ auth: 'none', tag: 'TWILIO', secrets: ['TWILIO_AUTH_TOKEN'] }, async (request, context) => {
    const { fields, all } = await readTwilioWebhook(request, 'twilio-inbound');
    const { MessageSid, From, To, Body, NumMedia, OptOutType } = check(fields, inbound);
    const meaning = meaningOfAll(all.Body?.map(storable) ?? [Body], all.OptOutType);
    const { result } = await context.rpc<{ answer: Answer | null; clientName: string | null }>('receive_sms', {
      provider_message_id: MessageSid,
      phone: From,
      sent_to: To ?? null,
      body: Body,
      media_count: NumMedia,
      meaning,
      // Twilio's default help names neither us nor whom to ask, so ours follows it; one set up at Twilio is left alone.
      is_answered: OptOutType !== undefined || (meaning !== 'help' && isTwiliosKeyword(Body)),
      sent_by: appOf(fields.From),
    });
    context.log('[TWILIO] SMS received', { messageSid: MessageSid, meaning, answer: result.answer });
    return twiml(result.answer, result.clientName);
  }),
};
