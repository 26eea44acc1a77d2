import { z } from 'zod';
import { email, uuid } from '../_shared/http/fields.ts';

/** What an event does: a status of a message by its rank, a preference of the address, or both. */
export interface EmailEvent {
  id: string;
  /** When it happened, in seconds: the latest opt-out or opt-in counts. */
  at: number;
  messageId: string | null;
  attemptId: string | null;
  status: string | null;
  errorCode: string | null;
  preference: 'opt_in' | 'opt_out' | null;
  /** The kind of opt-out that a preference sets or lifts: one kind never lifts another. */
  preferenceKind: string | null;
  address: string | null;
  reason: string | null;
}

const clean = (maxLength: number) =>
  z.string().transform((text) => text.replaceAll('\0', '').toWellFormed().slice(0, maxLength));

const event = z.object({
  event: z.string().max(32),
  sg_event_id: clean(100).pipe(z.string().min(1)),
  sg_message_id: clean(200).optional().catch(undefined),
  delivery_attempt_id: uuid.optional().catch(undefined),
  email: email.optional().catch(undefined),
  timestamp: z.int().nonnegative().catch(0),
  type: z.string().optional().catch(undefined),
  asm_group_id: z.int().nonnegative().optional().catch(undefined),
  reason: clean(500).optional().catch(undefined),
  status: z.string().regex(/^\d\.\d{1,3}\.\d{1,3}$/).optional().catch(undefined),
});

type RawEvent = z.output<typeof event>;

const STATUSES = ['processed', 'deferred', 'delivered', 'bounce', 'dropped', 'spamreport'];

const PREFERENCES: Record<string, EmailEvent['preference']> = {
  spamreport: 'opt_out',
  unsubscribe: 'opt_out',
  group_unsubscribe: 'opt_out',
  group_resubscribe: 'opt_in',
};

/** The relevant events of a batch; malformed and other ones are skipped. */
export function readEvents(batch: unknown[]): EmailEvent[] {
  return batch.flatMap((item) => {
    const { success, data } = event.safeParse(item);
    if (!success) return [];
    const read = emailEventOf(data);
    return read.status || read.preference ? [read] : [];
  });
}

function emailEventOf(raw: RawEvent): EmailEvent {
  const isBlocked = raw.event === 'bounce' && raw.type === 'blocked';
  // SendGrid drops messages to addresses on its own suppression list.
  const wantsNothing = raw.event === 'dropped' && /unsubscribed|spam report/i.test(raw.reason ?? '');
  const preference = wantsNothing ? 'opt_out' : PREFERENCES[raw.event] ?? null;
  // A temporary rejection by the receiving server is not final.
  const status = isBlocked ? 'blocked' : STATUSES.includes(raw.event) ? raw.event : null;
  return {
    id: raw.sg_event_id,
    at: raw.timestamp,
    messageId: raw.sg_message_id ? messageIdOf(raw.sg_message_id) : null,
    attemptId: raw.delivery_attempt_id ?? null,
    status: raw.sg_message_id ? status : null,
    errorCode: isBlocked ? 'blocked' : errorCodeOf(raw),
    preference: raw.email ? preference : null,
    preferenceKind: raw.email && preference ? preferenceKindOf(raw) : null,
    address: raw.email ?? null,
    reason: raw.event,
  };
}

/** The kind of opt-out: a complaint, an unsubscription from everything, or one from a group, which its resubscribe lifts. */
function preferenceKindOf({ event, reason = '', asm_group_id }: RawEvent): string {
  if (event === 'spamreport' || (event === 'dropped' && /spam report/i.test(reason))) return 'spamreport';
  const isOfGroup = event.startsWith('group_') || (event === 'dropped' && asm_group_id !== undefined);
  return isOfGroup ? `group_unsubscribe:${asm_group_id ?? ''}` : 'unsubscribe';
}

function errorCodeOf({ event, status }: RawEvent): string | null {
  return event === 'bounce' ? status ?? 'bounce' : event === 'dropped' ? 'dropped' : null;
}

/** The id that SendGrid answered the send with; it may have points of its own before what the events add. */
function messageIdOf(id: string): string {
  const end = id.search(/\.(filter|recvd)/);
  return end === -1 ? id.split('.')[0] : id.slice(0, end);
}
