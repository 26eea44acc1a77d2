import { z } from 'zod';
import { email, text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { phone } from '../_shared/http/phone.ts';
import { serve } from '../_shared/http/serve.ts';

const body = z.strictObject({
  recipientId: uuid,
  channel: z.enum(['sms', 'email'], 'must be "sms" or "email"'),
  action: z.enum(['opted_in', 'opted_out'], 'must be "opted_in" or "opted_out"'),
  source: z.enum(['agent', 'web_form', 'import'], 'must be "agent", "web_form" or "import"'),
  wording: text(2000).nullish(),
  wordingVersion: text(64).nullish(),
  phone: phone.nullish(),
  email: email.nullish(),
  ip: z.union([z.ipv4(), z.ipv6()], 'must be an IP address').nullish(),
}).refine((body) => body.action === 'opted_out' || body.wording, { path: ['wording'], error: 'is required' });

/** Notes what a recipient said elsewhere (a web form, a call, an e-mail), for a trusted server or staff. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'CONSENT', family: 'GC' }, async (request, context) => {
    const said = await readJson(request, body);
    const { result } = await context.rpc('record_recipient_consent', {
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
