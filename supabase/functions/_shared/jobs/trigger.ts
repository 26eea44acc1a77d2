import { inBackground } from './background.ts';
import { log } from '../http/log.ts';
import { secret, secretsOf } from '../http/secrets.ts';

/** Triggers an immediate send of a delivery in the background (best effort: the next round of the job sends the rest). */
export function triggerDeliveries(deliveryId: string): void {
  const triggered = trigger(deliveryId).catch((error) => {
    log('[DELIVERIES] Trigger failed', { deliveryId, reason: String(error) });
  });
  inBackground(triggered);
}

async function trigger(deliveryId: string): Promise<void> {
  const response = await fetch(`${secret('SUPABASE_URL')}/functions/v1/jobs`, {
    method: 'POST',
    headers: { ...credential(), 'content-type': 'application/json' },
    body: JSON.stringify({ job: 'deliveries', deliveryId }),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`jobs answered ${response.status}`);
}

/** `JOBS_TOKEN`, or if it is not set the secret key named `jobs`, which only hosted projects have. */
function credential(): Record<string, string> {
  if (Deno.env.get('JOBS_TOKEN')) return { 'x-jobs-token': secretsOf('JOBS_TOKEN')[0] };
  return { apikey: JSON.parse(secret('SUPABASE_SECRET_KEYS')).jobs ?? '' };
}
