import { inBackground } from './background.ts';
import { log } from './log.ts';
import { secret } from './secrets.ts';

/** Has the jobs function send a delivery at once while the caller answers; what this misses, its next round sends. */
export function ringDeliveries(deliveryId: string): void {
  const rung = ring(deliveryId).catch((error) => {
    log('[DELIVERIES] Bell not heard', { deliveryId, reason: String(error) });
  });
  inBackground(rung);
}

async function ring(deliveryId: string): Promise<void> {
  const { jobs = '' } = JSON.parse(secret('SUPABASE_SECRET_KEYS'));
  const response = await fetch(`${secret('SUPABASE_URL')}/functions/v1/jobs`, {
    method: 'POST',
    headers: { apikey: jobs, 'content-type': 'application/json' },
    body: JSON.stringify({ job: 'deliveries', deliveryId }),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`jobs answered ${response.status}`);
}
