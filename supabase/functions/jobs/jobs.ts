import { fulfilPending, reconcile } from '../_shared/gift_cards/buy.ts';
import { processDueEvents } from '../_shared/crm/process.ts';
import { deliver, lookUp } from '../_shared/messages/deliver.ts';
import type { ArgsOf, Call, EntryPoint } from '../_shared/http/rpc.ts';
import type { Context } from '../_shared/http/serve.ts';
import type { JobName } from './contract.ts';
import { sendWebhooks } from '../_shared/webhooks/send.ts';

type Job = (context: Context, deliveryId?: string | null) => Promise<Record<string, unknown>>;

/** The jobs by name; each call runs one round. */
export const jobs = {
  'deliveries': sendDeliveries,
  'crm-events': processDueEvents,
  'reconcile-purchases': (context) => reconcile(context),
  'pending-rewards': (context) => fulfilPending(context),
  'webhooks': sendWebhooks,
  'housekeeping': entryPoints('run_housekeeping'),
  'release-holds': entryPoints('release_holds'),
  'reconcile-payments': async (context) =>
    (await import('../_shared/packages/purchases.ts')).reconcilePayments(context),
  'expire': entryPoints('expire_lots', 'expire_packages', 'expire_entitlements', 'expire_gift_cards'),
  'stuck-cards': entryPoints('release_stuck_cards', 'watch_pending_rewards'),
} satisfies Record<JobName, Job>;

/** The entry points that need no argument. */
type Plain = { [Name in EntryPoint]: Record<never, never> extends ArgsOf<Name> ? Name : never }[EntryPoint];

function entryPoints(...names: Plain[]): Job {
  return async ({ rpc }) => {
    const reply: Record<string, unknown> = {};
    // One after the other, so that a failure of one does not hide the results of the others.
    for (const name of names) Object.assign(reply, (await rpc(...[name, {}] as Call)).result);
    return reply;
  };
}

async function sendDeliveries(context: Context, deliveryId?: string | null): Promise<Record<string, unknown>> {
  if (deliveryId) return { ...await deliver(context, deliveryId) };
  // Look-ups first: messages that the provider does not have are queued again and sent in the same round.
  return { lookedUp: await lookUp(context), ...await deliver(context) };
}
