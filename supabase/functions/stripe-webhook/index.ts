import { badSignature } from '../_shared/http/errors.ts';
import { decodeText, readBytes } from '../_shared/http/parse.ts';
import { eventIn, paymentEventOf, reasonToIgnore } from '../_shared/packages/stripe/webhook.ts';
import { secretsOf } from '../_shared/http/secrets.ts';
import { serve } from '../_shared/http/serve.ts';

const MAX_BYTES = 256 * 1024;

/** Takes what Stripe tells about a payment; repeated, late and unknown events are taken and change nothing. */
export default {
  fetch: serve({ auth: 'none', tag: 'STRIPE', secrets: ['STRIPE_WEBHOOK_SECRET'] }, async (request, { rpc, log }) => {
    const signature = request.headers.get('stripe-signature');
    const body = await readText(request);
    const event = await eventIn(body, signature, secretsOf('STRIPE_WEBHOOK_SECRET'));
    if (!event) throw badSignature('Not signed by Stripe');
    const payment = paymentEventOf(event);
    if (!payment) {
      const ignored = reasonToIgnore(event);
      log('[STRIPE] Event ignored', { eventId: event.id, eventType: event.type, reason: ignored });
      return { received: true, ignored };
    }
    const { result } = await rpc('record_payment_event', { ...payment });
    log(`[STRIPE] ${event.type}`, { eventId: event.id, paymentIntentId: payment.payment_intent_id, ...result });
    return { received: true };
  }),
};

// What is not text is signed by nobody.
async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request, MAX_BYTES);
  try {
    return decodeText(bytes);
  } catch {
    throw badSignature('Not signed by Stripe');
  }
}
