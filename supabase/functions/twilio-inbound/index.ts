import { check } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { readTwilioWebhook } from '../_shared/messages/providers/twilio/webhook.ts';
import { type Answer, twiml } from './answer.ts';
import { contract, inbound, storable } from './contract.ts';
import { isTwiliosKeyword, meaningOfAll } from './meaning.ts';

/** The app that a message came through: a WhatsApp word counts for WhatsApp. */
function appOf(from: string): string {
  return from.match(/^(rcs|whatsapp):/i)?.[1].toLowerCase() ?? 'sms';
}

export default {
  fetch: serve(contract, async (form, context, request) => {
    const { fields, all } = readTwilioWebhook(form, request, contract.name);
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
