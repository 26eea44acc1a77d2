import { z } from 'zod';
import { uuid } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { smsPhone } from '../_shared/http/phone.ts';
import { type Delivery, sendAtOnce } from '../_shared/messages/send_at_once.ts';
import { serve } from '../_shared/http/serve.ts';
import { OPT_IN_WORDING } from './wording.ts';

const body = z.strictObject({ recipientId: uuid, phone: smsPhone.nullish(), callSessionId: uuid.nullish() });

const secrets = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM_NUMBER'];

interface Asked {
  recipientId: string;
  status: 'requested' | 'opted_in';
  delivery?: Delivery;
}

/** Asks a recipient by SMS for the consent to be written to, for an agent, an admin or a trusted server. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'OPT-IN', family: 'GC', secrets }, async (request, context) => {
    const asked = await readJson(request, body);
    const { result } = await context.rpc<Asked>('request_sms_opt_in', {
      recipient_id: asked.recipientId,
      phone: asked.phone ?? null,
      call_session_id: asked.callSessionId ?? null,
      company_name: Deno.env.get('COMPANY_NAME') || null,
      wording: OPT_IN_WORDING.text,
      wording_version: OPT_IN_WORDING.version,
      ...requestOf(context, 'send-sms-opt-in', asked),
    });
    return { ...result, ...result.delivery && { delivery: await sendAtOnce(context, result.delivery.id) } };
  }),
};
