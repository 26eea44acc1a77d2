import { z } from 'zod';
import { badSignature } from '../_shared/http/errors.ts';
import { parseJson, readBytes } from '../_shared/http/parse.ts';
import { isSignedBySendGrid } from '../_shared/messages/providers/sendgrid/signature.ts';
import { serve } from '../_shared/http/serve.ts';
import { readEvents } from './read_events.ts';

const MAX_BYTES = 2 * 1024 * 1024;
const MAX_EVENTS = 10_000;

// SendGrid tries a batch again for a day; what it tells twice in that time is known by its id.
const DEFAULT_MAX_AGE_SECONDS = 25 * 60 * 60;

/** Takes what SendGrid tells about e-mails, in batches: each event once, statuses by rank, complaints as opt-outs. */
export default {
  fetch: serve(
    { auth: 'none', tag: 'SENDGRID', secrets: ['SENDGRID_WEBHOOK_PUBLIC_KEY'] },
    async (request, context) => {
      const body = await readBytes(request, MAX_BYTES);
      const maxAge = Number(Deno.env.get('SENDGRID_EVENT_MAX_AGE_SECONDS') || DEFAULT_MAX_AGE_SECONDS);
      if (!isSignedBySendGrid(request.headers, body, maxAge)) throw badSignature('Not signed by SendGrid');
      const events = readEvents(parseJson(body, z.array(z.unknown()).max(MAX_EVENTS)));
      const { result } = await context.rpc('record_email_events', { events });
      context.log('[SENDGRID] Events received', result);
      return new Response(null, { status: 204 });
    },
  ),
};
