import type { Finding, Message, Provider, SendOutcome } from '../port.ts';
import { openMessages } from './client.ts';
import { outcomeOf } from './outcome.ts';

// Twilio would keep trying for ten hours; a card that comes that late finds a recipient who has complained already.
const VALIDITY_SECONDS = 4 * 60 * 60;

const LOOKUP_LIMIT = 200;
const CLOCK_SKEW_MS = 60_000;

/** The account that messages go through, and where it calls back. */
export interface Settings {
  accountSid: string;
  authToken: string;
  from: string;
  statusUrl: string;
  baseUrl?: string;
}

/** SMS by Twilio. */
export function twilio({ accountSid, authToken, from, statusUrl, baseUrl }: Settings): Provider {
  const messages = openMessages(accountSid, authToken, baseUrl || 'https://api.twilio.com');
  return { send, find };

  async function send({ attemptId, to, text }: Message): Promise<SendOutcome> {
    try {
      const { sid } = await messages.create({
        to,
        from,
        body: text,
        validityPeriod: VALIDITY_SECONDS,
        statusCallback: `${statusUrl}?attempt=${attemptId}`,
      });
      return /^[SM]M[0-9a-f]{32}$/i.test(sid)
        ? { outcome: 'sent', providerMessageId: sid }
        : { outcome: 'ambiguous', errorCode: 'no_sid', errorMessage: 'Twilio answered without a message' };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  // Not by DateSent: a message that still waits in Twilio's queue has none, and it is the one not to send again.
  async function find({ to, text }: Message, since: Date): Promise<Finding> {
    const listed = await messages.list({ to, limit: LOOKUP_LIMIT, pageSize: LOOKUP_LIMIT });
    const recent = listed.filter(({ dateCreated }) => dateCreated.getTime() >= since.getTime() - CLOCK_SKEW_MS);
    // A trial account puts a notice before the text.
    const matches = recent.filter(({ body }) => body.endsWith(text)).reverse();
    const isOnePage = listed.length < LOOKUP_LIMIT || recent.length < listed.length;
    const isReadable = recent.every(({ body }) => body !== '');
    return {
      candidates: matches.map(({ sid, status }) => ({ providerMessageId: sid, providerStatus: status })),
      isComplete: isOnePage && isReadable,
    };
  }
}
