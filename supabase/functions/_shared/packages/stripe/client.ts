import Stripe from 'stripe';
import { TIMEOUT_MS } from '../../http/network.ts';

/** Stripe's own client at any base URL. It does not retry by itself: the callers decide when. */
export function openStripe(secretKey: string, baseUrl?: string): Stripe {
  return new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
    ...(baseUrl ? addressOf(new URL(baseUrl)) : {}),
  });
}

function addressOf({ hostname, port, protocol }: URL) {
  const scheme = protocol === 'http:' ? 'http' as const : 'https' as const;
  return { host: hostname, port: port || (scheme === 'http' ? '80' : '443'), protocol: scheme };
}
