import { badSignature } from '../_shared/http/errors.ts';
import { decodeText } from '../_shared/http/parse.ts';
import { secretsOf } from '../_shared/http/secrets.ts';
import { serve } from '../_shared/http/serve.ts';
import { eventIn, paymentEventOf, reasonToIgnore } from '../_shared/packages/stripe/webhook.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (bytes, { rpc, log }, request) => {
    const signature = request.headers.get('stripe-signature');
    const body = textOf(bytes);
    const event = await eventIn(body, signature, secretsOf('STRIPE_WEBHOOK_SECRET'));
    if (!event) throw badSignature('Not signed by Stripe');
    const payment = paymentEventOf(event);
    if (!payment) {
      const ignored = reasonToIgnore(event);
      log('[STRIPE] Event ignored', { eventId: event.id, eventType: event.type, reason: ignored });
      return { received: true as const, ignored };
    }
    const { result } = await rpc('record_payment_event', { ...payment });
    log(`[STRIPE] ${event.type}`, { eventId: event.id, paymentIntentId: payment.payment_intent_id, ...result });
    return { received: true as const };
  }),
};

// A body that is not text has no valid signature.
function textOf(bytes: Uint8Array): string {
  try {
    return decodeText(bytes);
  } catch {
    throw badSignature('Not signed by Stripe');
  }
}
