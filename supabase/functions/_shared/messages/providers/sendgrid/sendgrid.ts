import { MailService } from '@sendgrid/mail';
import { TIMEOUT_MS } from '../../../http/network.ts';
import type { Finding, Message, Provider, SendOutcome } from '../port.ts';
import { outcomeOf } from './outcome.ts';

const STATUSES: Record<string, string> = { delivered: 'delivered', not_delivered: 'undelivered' };

// What MailService sends through; its typings leave it out.
interface Client {
  setDefaultRequest(key: 'baseUrl', value: string): void;
  setDefaultHeader(key: 'Connection', value: string): void;
  request(request: { method: string; url: string; qs: Record<string, unknown> }): Promise<[{ body: Activity }]>;
}

interface Activity {
  messages: { msg_id: string; status: string }[];
}

/** The account that messages go through. */
export interface Settings {
  apiKey: string;
  from: string;
  baseUrl?: string;
}

/** E-mail by SendGrid. */
export function sendgrid({ apiKey, from, baseUrl }: Settings): Provider {
  const service = new MailService();
  const { client } = service as unknown as { client: Client };
  service.setApiKey(apiKey);
  service.setTimeout(TIMEOUT_MS);
  // When a kept-alive connection breaks, the runtime repeats the request by itself, which would send an unrecorded second e-mail.
  client.setDefaultHeader('Connection', 'close');
  // After the key, which sets the base URL back to SendGrid's.
  if (baseUrl) client.setDefaultRequest('baseUrl', baseUrl);
  return { send, find };

  async function send({ attemptId, to, subject, text, html, unsubscribeUrl }: Message): Promise<SendOutcome> {
    try {
      const [{ headers }] = await service.send({
        from,
        personalizations: [{ to, customArgs: { delivery_attempt_id: attemptId } }],
        subject,
        text,
        html,
        headers: unsubscribeUrl ? oneClick(unsubscribeUrl) : undefined,
        // A rewritten link would send the recipient of a card through a stranger's address.
        trackingSettings: { clickTracking: { enable: false, enableText: false }, openTracking: { enable: false } },
      });
      return { outcome: 'sent', providerMessageId: headers['x-message-id'] };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  // The activity feed is an add-on and minutes behind: it proves that a message is there, never that it is not.
  async function find({ attemptId }: Message): Promise<Finding> {
    try {
      const query = `(unique_args['delivery_attempt_id']="${attemptId}")`;
      const [{ body }] = await client.request({ method: 'GET', url: '/v3/messages', qs: { query, limit: 1 } });
      const candidates = body.messages.map(({ msg_id: id, status }) => ({
        providerMessageId: id.split('.')[0],
        providerStatus: STATUSES[status] ?? 'processed',
      }));
      return { candidates, isComplete: false };
    } catch (error) {
      if (typeof (error as { code?: unknown }).code === 'number') return { candidates: [], isComplete: false };
      throw error;
    }
  }
}

/** The headers by which mail programs show a button for unsubscribing (RFC 2369, RFC 8058). */
function oneClick(url: string): Record<string, string> {
  return { 'List-Unsubscribe': `<${url}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' };
}
