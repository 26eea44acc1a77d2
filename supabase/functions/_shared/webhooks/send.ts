import { Webhook } from 'standardwebhooks';
import { drain } from '../jobs/drain.ts';
import type { JobContext } from '../http/serve.ts';
import { Forbidden, type Resolve, targetOf } from './guard.ts';
import { post } from './post.ts';

/** One leased attempt of a message. */
interface Lease {
  attemptId: string;
  leaseToken: string;
  messageId: string;
  url: string;
  /** The valid secrets, the newest first. */
  secrets: string[];
  body: { type: string; timestamp: string; data: Record<string, unknown> };
}

/** The outcome of an attempt; gone means that the endpoint answered 410. */
interface Outcome {
  outcome: 'delivered' | 'failed' | 'gone';
  httpStatus: number | null;
  errorCode: string | null;
}

// The budget and one slow call together stay below the minute that a lease lasts.
const LIMITS = { concurrency: 8, budgetMs: 25_000 };

/** Sends due webhooks and returns the number of each outcome. */
export async function sendWebhooks({ rpc, log }: JobContext): Promise<Record<string, number>> {
  const tally = { delivered: 0, failed: 0, gone: 0 };
  await drain(
    async (batch_size) => (await rpc<{ webhooks: Lease[] }>('lease_webhooks', { batch_size })).result.webhooks,
    async (lease) => {
      const startedAt = performance.now();
      const { outcome, httpStatus, errorCode } = await send(lease);
      tally[outcome]++;
      log(`[WEBHOOKS] ${outcome}`, { messageId: lease.messageId, attemptId: lease.attemptId, httpStatus, errorCode });
      await rpc('complete_webhook_attempt', {
        attempt_id: lease.attemptId,
        lease_token: lease.leaseToken,
        outcome,
        http_status: httpStatus,
        error_code: errorCode,
        duration_ms: Math.round(performance.now() - startedAt),
      });
    },
    LIMITS,
  );
  return tally;
}

/** Makes one attempt; any failure is its outcome. */
export async function send(
  lease: Pick<Lease, 'messageId' | 'url' | 'secrets' | 'body'>,
  allowed = (Deno.env.get('WEBHOOK_ALLOWED_HOSTS') ?? '').split(',').filter(Boolean),
  resolve?: Resolve,
): Promise<Outcome> {
  try {
    const target = await targetOf(lease.url, allowed, resolve);
    const body = JSON.stringify(lease.body);
    const status = await post(target, headersOf(lease, body, new Date()), body);
    if (status >= 200 && status < 300) return { outcome: 'delivered', httpStatus: status, errorCode: null };
    return { outcome: status === 410 ? 'gone' : 'failed', httpStatus: status, errorCode: `http_${status}` };
  } catch (error) {
    return { outcome: 'failed', httpStatus: null, errorCode: codeOf(error) };
  }
}

/** The signatures; during a rotation both secrets sign. */
function headersOf({ messageId, secrets }: Pick<Lease, 'messageId' | 'secrets'>, body: string, at: Date) {
  return {
    'content-type': 'application/json',
    'user-agent': 'Rewardbase-Webhooks/1',
    'webhook-id': messageId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(messageId, at, body)).join(' '),
  };
}

// Names only: the message of a failure may reveal the network.
function codeOf(error: unknown): string {
  if (error instanceof Forbidden) return error.code;
  const { name } = error as Error;
  if (name === 'TimeoutError') return 'timeout';
  if (name === 'InvalidData') return 'tls';
  return 'connection';
}
