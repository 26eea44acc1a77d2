import { badSignature } from '../_shared/http/errors.ts';
import { parseJson } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { isSignedBySendGrid } from '../_shared/messages/providers/sendgrid/signature.ts';
import { batch, contract } from './contract.ts';
import { readEvents } from './read_events.ts';

// SendGrid retries a batch for a day; repeated events are recognized by their id.
const DEFAULT_MAX_AGE_SECONDS = 25 * 60 * 60;

export default {
  fetch: serve(contract, async (body, context, request) => {
    const maxAge = Number(Deno.env.get('SENDGRID_EVENT_MAX_AGE_SECONDS') || DEFAULT_MAX_AGE_SECONDS);
    if (!isSignedBySendGrid(request.headers, body, maxAge)) throw badSignature('Not signed by SendGrid');
    const events = readEvents(parseJson(body, batch));
    const { result } = await context.rpc('record_email_events', { events });
    context.log('[SENDGRID] Events received', result);
    return null;
  }),
};
