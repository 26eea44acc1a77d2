import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { sendAtOnce } from '../_shared/messages/send_at_once.ts';
import { contract } from './contract.ts';
import { OPT_IN_WORDING } from './wording.ts';

type Asked =
  & { recipientId: string }
  & (
    | { status: 'requested'; delivery: { id: string } }
    | { status: 'opted_in'; optedInAt: string }
  );

export default {
  fetch: serve(contract, async (asked, context) => {
    const { result } = await context.rpc<Asked>('request_sms_opt_in', {
      recipient_id: asked.recipientId,
      phone: asked.phone ?? null,
      call_session_id: asked.callSessionId ?? null,
      company_name: Deno.env.get('COMPANY_NAME') || null,
      wording: OPT_IN_WORDING.text,
      wording_version: OPT_IN_WORDING.version,
      ...requestOf(context, 'send-sms-opt-in', asked),
    });
    return result.status === 'opted_in'
      ? result
      : { ...result, delivery: await sendAtOnce(context, result.delivery.id) };
  }),
};
