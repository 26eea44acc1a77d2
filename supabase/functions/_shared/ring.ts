import { inBackground } from './background.ts';
import { log } from './log.ts';
import { secret, secretsOf } from './secrets.ts';

/** Has the jobs function send a delivery at once while the caller answers; what this misses, its next round sends. */
export function ringDeliveries(deliveryId: string): void {
  const rung = ring(deliveryId).catch((error) => {
    log('[DELIVERIES] Bell not heard', { deliveryId, reason: String(error) });
  });
  inBackground(rung);
}

async function ring(deliveryId: string): Promise<void> {
  const response = await fetch(`${secret('SUPABASE_URL')}/functions/v1/jobs`, {
    method: 'POST',
    headers: { ...credential(), 'content-type': 'application/json' },
    body: JSON.stringify({ job: 'deliveries', deliveryId }),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`jobs answered ${response.status}`);
}

/** The token of the jobs, or where none is set the named secret key, which only hosted projects have. */
function credential(): Record<string, string> {
  if (Deno.env.get('JOBS_TOKEN')) return { 'x-jobs-token': secretsOf('JOBS_TOKEN')[0] };
  return { apikey: JSON.parse(secret('SUPABASE_SECRET_KEYS')).jobs ?? '' };
}
