import { type ClaimLink, claimUrl, tokenOf } from './claim_link.ts';
import { drain } from '../jobs/drain.ts';
import { Refusal } from '../http/errors.ts';
import { reasonOf } from '../http/log.ts';
import { type Channel, CHANNELS, openProvider } from './open_provider.ts';
import type { Finding, Message, Outcome, Provider, SendOutcome } from './providers/port.ts';
import { noticeOf } from './notices.ts';
import { smsObstacle } from '../http/phone.ts';
import { type Merge, render, SMS_MAX_LENGTH, type Template, type Values, valuesOf } from './render.ts';
import { type CardSecrets, type Sealed, unseal } from '../http/seal.ts';
import type { Call } from '../http/rpc.ts';
import type { JobContext } from '../http/serve.ts';
import { unsubscribeUrl } from './unsubscribe_link.ts';

/**
 * One try of one delivery, as the database hands it out: a card in the campaign's text, still sealed, or its claim link, or
 * a notice.
 */
interface Lease {
  deliveryId: string;
  attemptId: string;
  attemptStartedAt: string;
  leaseToken: string;
  channel: Channel;
  deliverTo: string;
  clientName: string;
  merge: Merge;
  notice?: string;
  template?: Template;
  sealed?: Sealed;
  claim?: ClaimLink;
}

/** How many deliveries a look-up found, missed, or could not tell of. */
type Findings = Record<'found' | 'missing' | 'unclear', number>;

/** Where carriers and opened cards come from; tests bring their own. */
export interface Dependencies {
  openProvider(channel: Channel): Promise<Provider>;
  unseal(sealed: Sealed): CardSecrets;
}

const DEPENDENCIES: Dependencies = { openProvider, unseal };

// The budget and one slow call together stay below the minute that a lease lasts.
const LIMITS = { concurrency: 8, budgetMs: 25_000 };

const DEFAULT_GRACE_SECONDS = 60;

const TOO_LATE = '[DELIVERIES] Lease lost: another worker has taken over this delivery';

/** Sends what is due, or one delivery, and tells how many tries came to what. */
export async function deliver(
  context: JobContext,
  deliveryId: string | null = null,
  dependencies = DEPENDENCIES,
): Promise<Record<Outcome, number>> {
  const tally = { sent: 0, retriable: 0, permanent: 0, ambiguous: 0 };
  await drain(
    (batchSize) => leases(context, 'lease_deliveries', { delivery_id: deliveryId, batch_size: batchSize }),
    async (lease) => {
      const result = await send(lease, dependencies);
      tally[result.outcome]++;
      report(context, lease, result);
      await complete(context, lease, result);
    },
    LIMITS,
  );
  return tally;
}

/** Looks deliveries of unknown outcome up at their providers, and tells what came of it. */
export async function lookUp(context: JobContext, dependencies = DEPENDENCIES): Promise<Findings> {
  const tally = { found: 0, missing: 0, unclear: 0 };
  const grace = Number(Deno.env.get('DELIVERY_LOOKUP_GRACE_SECONDS') || DEFAULT_GRACE_SECONDS);
  await drain(
    (batchSize) => leases(context, 'lease_unknown_deliveries', { batch_size: batchSize, grace_seconds: grace }),
    async (lease) => {
      try {
        tally[await settle(context, lease, dependencies)]++;
      } catch (error) {
        // Nothing is decided, so the delivery comes up again.
        context.log('[DELIVERIES] Look-up failed', { deliveryId: lease.deliveryId, ...reasonOf(error) });
      }
    },
    LIMITS,
  );
  return tally;
}

async function leases({ rpc }: JobContext, ...call: Call): Promise<Lease[]> {
  return (await rpc<{ deliveries: Lease[] }>(...call)).result.deliveries;
}

/** Tries once. What goes wrong before the provider is called has left nothing behind, so it may be tried again. */
async function send(lease: Lease, dependencies: Dependencies): Promise<SendOutcome> {
  const obstacle = lease.channel === 'sms' && smsObstacle(lease.deliverTo);
  if (obstacle) {
    return { outcome: 'permanent', errorCode: 'sms_number_refused', errorMessage: `The number ${obstacle}` };
  }
  let provider, card, message;
  try {
    provider = await dependencies.openProvider(lease.channel);
    card = cardOf(lease, dependencies);
    message = messageOf(lease, card);
  } catch (error) {
    const missing = error instanceof Refusal ? error.details.missing : undefined;
    const errorCode = missing && !provider ? 'not_configured' : 'not_prepared';
    return {
      outcome: 'retriable',
      errorCode,
      errorMessage: missing ? `${missing} is not set` : 'The message could not be made',
    };
  }
  // A carrier refuses it or cuts it, and its end is often the code.
  if (lease.channel === 'sms' && message.text.length > SMS_MAX_LENGTH) {
    const errorMessage = `The SMS has ${message.text.length} characters, and ${SMS_MAX_LENGTH} are the most`;
    return { outcome: 'permanent', errorCode: 'message_too_long', errorMessage };
  }
  const result = await provider.send(message);
  return { ...result, errorMessage: result.errorMessage && withoutSecrets(result.errorMessage, lease, card) };
}

/** Names the first message found that is not another delivery's, else says that there is none, or no telling. */
async function settle(context: JobContext, lease: Lease, dependencies: Dependencies): Promise<keyof Findings> {
  const provider = await dependencies.openProvider(lease.channel);
  const message = messageOf(lease, cardOf(lease, dependencies));
  const { candidates, isComplete } = await provider.find(message, new Date(lease.attemptStartedAt));
  for (const candidate of candidates) {
    const isTaken = await resolve(context, lease, true, candidate);
    if (!isTaken) return 'found';
  }
  await resolve(context, lease, isComplete ? false : null);
  return isComplete ? 'missing' : 'unclear';
}

async function resolve(
  { rpc, log }: JobContext,
  { deliveryId, attemptId, leaseToken, channel }: Lease,
  isFound: boolean | null,
  candidate?: Finding['candidates'][number],
): Promise<boolean> {
  const { result } = await rpc<{ deliveryId: string | null; taken?: boolean }>('resolve_unknown_delivery', {
    attempt_id: attemptId,
    lease_token: leaseToken,
    is_found: isFound,
    provider: CHANNELS[channel].provider,
    provider_message_id: candidate?.providerMessageId ?? null,
    provider_status: candidate?.providerStatus ?? null,
  });
  if (!result.deliveryId) log(TOO_LATE, { deliveryId, attemptId });
  return result.taken ?? false;
}

function cardOf({ sealed }: Lease, dependencies: Dependencies): CardSecrets | undefined {
  return sealed && dependencies.unseal(sealed);
}

function messageOf(lease: Lease, card?: CardSecrets): Message {
  const { attemptId, channel, deliverTo, clientName, merge, deliveryId } = lease;
  const template = lease.notice ? noticeOf(lease.notice) : lease.template!;
  const claim = lease.claim && { ...lease.claim, url: claimUrl(lease.claim) };
  const values = valuesOf(merge, card, houseValues(clientName));
  const rendered = render(channel, template, values, claim);
  return channel === 'email'
    ? { attemptId, to: deliverTo, ...rendered, unsubscribeUrl: unsubscribeUrl(deliveryId) }
    : { attemptId, to: deliverTo, ...rendered };
}

/** The values of the merge tags that no lease has. */
export function houseValues(clientName: string): Values {
  return {
    company_name: Deno.env.get('COMPANY_NAME') || clientName,
    support_phone: Deno.env.get('SUPPORT_PHONE_NUMBER') ?? '',
    support_email: Deno.env.get('SUPPORT_EMAIL') ?? '',
  };
}

async function complete({ rpc, log }: JobContext, lease: Lease, result: SendOutcome): Promise<void> {
  const { deliveryId, attemptId, leaseToken, channel } = lease;
  try {
    const { result: completed } = await rpc<{ accepted: boolean }>('complete_delivery_attempt', {
      attempt_id: attemptId,
      lease_token: leaseToken,
      outcome: result.outcome,
      provider: CHANNELS[channel].provider,
      provider_message_id: result.providerMessageId ?? null,
      error_code: result.errorCode ?? null,
      error_message: result.errorMessage ?? null,
    });
    if (!completed.accepted) log(TOO_LATE, { deliveryId, attemptId });
  } catch (error) {
    // The lease will lapse, and the look-up or a callback tells what became of the message.
    log('[DELIVERIES] Outcome not recorded', { deliveryId, attemptId, ...reasonOf(error) });
  }
}

function report(
  { log }: JobContext,
  lease: Lease,
  { outcome, providerMessageId, errorCode, errorMessage }: SendOutcome,
) {
  const { tag, noun, idName } = CHANNELS[lease.channel];
  const fields = { deliveryId: lease.deliveryId, attemptId: lease.attemptId, to: masked(lease.deliverTo) };
  if (outcome === 'sent') {
    log(`[${tag}] ${noun} sent successfully, ${idName}: ${providerMessageId}`, fields);
  } else if (errorCode === 'not_configured') {
    log(`${noun} service not configured`, { ...fields, reason: errorMessage });
  } else {
    log(`[${tag}] ${noun} ${outcome === 'ambiguous' ? 'perhaps sent' : 'not sent'}`, { ...fields, outcome, errorCode });
  }
}

/** The last digits of a number, or the domain of an e-mail address. */
function masked(address: string): string {
  return `***${address.includes('@') ? address.slice(address.indexOf('@')) : address.slice(-4)}`;
}

// A provider may quote what it was sent.
function withoutSecrets(words: string, { claim }: Lease, card?: CardSecrets): string {
  return [card?.code, card?.pin, claim && tokenOf(claim)].reduce<string>(
    (text, secret) => (secret ? text.replaceAll(secret, '***') : text),
    words,
  );
}
