import { problemOfSecrets, type SealedSecrets, sealSecrets } from './cards.ts';
import { drain, ROUND_SIZE } from '../jobs/drain.ts';
import { Refusal } from '../http/errors.ts';
import { reasonOf } from '../http/log.ts';
import type { Provisioned } from './present.ts';
import type { Answer, ArgsOf, Call } from '../http/rpc.ts';
import { currentKeyId } from '../http/seal.ts';
import { secret } from '../http/secrets.ts';
import type { JobContext } from '../http/serve.ts';
import { configuredSuppliers, openSupplier } from './open_supplier.ts';
import type { Issued, Order, Outcome, Supplier } from './suppliers/port.ts';

/** One leased step of a supplier purchase; it is recorded before the supplier is called. */
export interface Purchase extends Order {
  purchaseId: string;
  leaseToken: string;
  action: keyof typeof ACTIONS;
  supplier: string;
  adapter: string;
  giftCardId: string;
  brandId: string;
  codeCaseMatters: boolean;
}

/** Opens suppliers; tests replace it. */
export interface Dependencies {
  openSupplier(name: string, adapter: string): Promise<Supplier>;
}

/** Result of a purchase step: a card, the next step, or "taken over by another worker". */
type Result = Provisioned | { purchase: Purchase } | { accepted: false };

const DEPENDENCIES: Dependencies = { openSupplier };

/** The supplier call of each step. */
const ACTIONS = {
  issue: 'issue',
  order: 'order',
  order_status: 'orderStatus',
  reverse: 'reverse',
} as const;

// The budget and two slow calls together stay below the minute that a lease lasts.
const LIMITS = { concurrency: 8, budgetMs: 25_000 };

/** An entry point that provisions a card, and its arguments but the suppliers. */
type Provisioning = {
  [Name in ProvisioningName]: [name: Name, args: Omit<ArgsOf<Name>, 'suppliers'>, dependencies?: Dependencies];
}[ProvisioningName];

type ProvisioningName = 'provision_gift_card' | 'provision_gift_card_for_call_center' | 'redeem_gift_card';

/** Calls an entry point for a card, and buys the card when stock has none. */
export async function provide<Result extends Provisioned = Provisioned>(
  context: JobContext,
  ...[name, args, dependencies = DEPENDENCIES]: Provisioning
): Promise<Answer<Result>> {
  const call = [name, { ...args, suppliers: configuredSuppliers() }] as Call;
  const answer = await context.rpc<Result | { purchase: Purchase }>(...call);
  // A card that is bought is presented like one of stock.
  return (isBought(answer.result) ? await buy(context, answer.result.purchase, dependencies) : answer) as Answer<
    Result
  >;
}

function isBought(result: object): result is { purchase: Purchase } {
  return 'purchase' in result;
}

/** Runs the steps of a purchase that are due now; throws GC-005 unless they end with a card. */
export async function buy(
  context: JobContext,
  purchase: Purchase,
  dependencies = DEPENDENCIES,
): Promise<Answer<Provisioned>> {
  for (let step: Purchase = purchase;;) {
    const answer = await complete(context, step, await carryOut(context, step, dependencies));
    if ('giftCard' in answer.result) return answer as Answer<Provisioned>;
    if (!('purchase' in answer.result)) {
      context.log('[PURCHASES] Lease lost: another worker has taken over this purchase', {
        purchaseId: step.purchaseId,
      });
      throw new Refusal('GC-005', { purchaseId: step.purchaseId, pending: true });
    }
    step = answer.result.purchase;
  }
}

/** Continues every due purchase; returns how many ended with a card and how many are open. */
export async function reconcile(
  context: JobContext,
  dependencies = DEPENDENCIES,
): Promise<{ bought: number; open: number }> {
  checkSecrets();
  const tally = { bought: 0, open: 0 };
  const suppliers = configuredSuppliers();
  await drain(
    async (batchSize) => {
      const args = { batch_size: batchSize, suppliers };
      return (await context.rpc<{ purchases: Purchase[] }>('lease_supplier_purchases', args)).result.purchases;
    },
    async (purchase) => void tally[await tryToBuy(context, purchase, dependencies)]++,
    LIMITS,
  );
  return tally;
}

/**
 * Fulfils pending rewards, from stock or bought, in order of arrival, until none can be fulfilled.
 * Purchases do not wait for each other, because a supplier may be slow.
 */
export async function fulfilPending(
  context: JobContext,
  dependencies = DEPENDENCIES,
): Promise<{ fulfilled: number; bought: number; open: number }> {
  checkSecrets();
  const tally = { fulfilled: 0, bought: 0, open: 0 };
  const args = { suppliers: configuredSuppliers() };
  const deadline = Date.now() + LIMITS.budgetMs;
  const purchases = new Set<Promise<void>>();
  try {
    for (let left = ROUND_SIZE; left > 0 && Date.now() < deadline; left--) {
      const { isDone, giftCardId, purchase } = (await context.rpc<Fulfilled>('fulfil_pending_reward', args)).result;
      if (isDone) break;
      if (purchase) {
        const bought = tryToBuy(context, purchase, dependencies).then((end) => {
          tally[end]++;
          purchases.delete(bought);
        });
        purchases.add(bought);
        if (purchases.size === LIMITS.concurrency) await Promise.race(purchases);
      } else {
        tally[giftCardId ? 'fulfilled' : 'open']++;
      }
    }
  } finally {
    await Promise.all(purchases);
  }
  return tally;
}

/** The result for one pending reward: fulfilled, to be bought, or neither. */
interface Fulfilled {
  isDone: boolean;
  giftCardId: string | null;
  purchase: Purchase | null;
}

/** Runs the steps of a purchase that are due now; the job continues the rest. */
export async function tryToBuy(
  context: JobContext,
  purchase: Purchase,
  dependencies = DEPENDENCIES,
): Promise<'bought' | 'open'> {
  try {
    await buy(context, purchase, dependencies);
    return 'bought';
  } catch (error) {
    const isDecided = error instanceof Refusal && error.code === 'GC-005';
    // The lease lapses, and the same step is repeated with the same id.
    if (!isDecided) {
      context.log('[PURCHASES] Outcome not recorded', { purchaseId: purchase.purchaseId, ...reasonOf(error) });
    }
    return 'open';
  }
}

/** Calls the supplier once, and once more to reverse a card that cannot be stored. */
async function carryOut(context: JobContext, purchase: Purchase, dependencies: Dependencies): Promise<Outcome> {
  const { purchaseId, action, supplier, adapter } = purchase;
  let outcome: Outcome;
  try {
    checkSecrets();
    const open = await dependencies.openSupplier(supplier, adapter);
    outcome = await open[ACTIONS[action]](purchase);
    if (outcome.outcome === 'issued') outcome = await keepable(open, purchase, outcome);
  } catch (error) {
    const lacking = error instanceof Refusal ? error.details.missing : undefined;
    outcome = {
      outcome: 'unknown',
      supplierCode: lacking ? 'not_configured' : 'not_prepared',
      message: lacking ? `${lacking} is not set` : 'The supplier could not be called',
    };
  }
  const { outcome: result, supplierCode, reference, message } = outcome;
  const fields = { purchaseId, supplier, action, outcome: result, supplierCode, reference, reason: message };
  const isFailure = result === 'declined' || result === 'short' || result === 'unknown';
  const words = isFailure ? `${capitalized(adapter)} API error: ${WORDS[result]}` : WORDS[result];
  context.log(`[${adapter.toUpperCase()}] ${words}`, fields);
  return outcome;
}

function capitalized(word: string): string {
  return word[0].toUpperCase() + word.slice(1);
}

const WORDS: Record<Outcome['outcome'], string> = {
  issued: 'Card issued',
  ordered: 'Card ordered',
  declined: 'Card declined',
  short: 'Float or stock at its end',
  unknown: 'Outcome unknown',
  reversed: 'Card reversed',
  not_found: 'No such sale',
};

/** A card that may not be stored is reversed at once; it is declined only when the reversal is certain. */
async function keepable(supplier: Supplier, purchase: Purchase, issued: Issued): Promise<Outcome> {
  const { code, pin } = issued.card;
  const problem = problemOfSecrets(code, pin ?? '');
  if (!problem) return issued;
  const { outcome, supplierCode } = await supplier.reverse(purchase);
  const isGone = outcome === 'reversed' || outcome === 'not_found';
  const message = `The supplier's card cannot be kept: ${problem}; it ${isGone ? 'was' : 'must be'} given back`;
  return isGone
    ? { outcome: 'declined', supplierCode: 'not_keepable', reference: issued.reference, message }
    : { outcome: 'unknown', supplierCode, reference: issued.reference, message };
}

function complete({ rpc }: JobContext, purchase: Purchase, outcome: Outcome): Promise<Answer<Result>> {
  const { purchaseId, leaseToken } = purchase;
  return rpc<Result>('complete_supplier_purchase', {
    purchase_id: purchaseId,
    lease_token: leaseToken,
    outcome: outcome.outcome,
    card: outcome.outcome === 'issued' ? sealed(purchase, outcome) : null,
    supplier_code: outcome.supplierCode ?? null,
    supplier_reference: outcome.reference ?? null,
    cost: outcome.outcome === 'issued' && outcome.cost !== undefined ? Number(outcome.cost) : null,
    message: outcome.message ?? null,
  });
}

interface SealedCard extends SealedSecrets {
  keyId: string;
  expiresOn: string | null;
  serialNumber?: string;
}

function sealed(purchase: Purchase, { card }: Issued): SealedCard {
  const { code, pin, expiresOn, serialNumber } = card;
  return {
    ...sealSecrets(purchase.giftCardId, purchase, code, pin),
    keyId: currentKeyId(),
    expiresOn,
    ...(serialNumber ? { serialNumber } : {}),
  };
}

// Checked before money moves: a card that cannot be sealed cannot be stored.
function checkSecrets(): void {
  ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'].forEach(secret);
}
