import { functionsUrl } from '../http/public_url.ts';
import { secret, secretsOf } from '../http/secrets.ts';
import type { Provider } from './providers/port.ts';

/** How a message travels. */
export type Channel = 'sms' | 'email';

/** Each channel's carrier and its words in the log. */
export const CHANNELS: Record<Channel, { provider: string; tag: string; noun: string; idName: string }> = {
  sms: { provider: 'twilio', tag: 'TWILIO', noun: 'SMS', idName: 'SID' },
  email: { provider: 'sendgrid', tag: 'SENDGRID', noun: 'E-mail', idName: 'ID' },
};

/** The carrier of a channel, loaded when first needed; throws a refusal that names the secret it lacks. */
export async function openProvider(channel: Channel): Promise<Provider> {
  if (channel === 'sms') {
    const { twilio } = await import('./providers/twilio/twilio.ts');
    return twilio({
      accountSid: secret('TWILIO_ACCOUNT_SID'),
      authToken: secretsOf('TWILIO_AUTH_TOKEN')[0],
      from: secret('TWILIO_FROM_NUMBER'),
      statusUrl: functionsUrl('twilio-status'),
      baseUrl: Deno.env.get('TWILIO_BASE_URL'),
    });
  }
  const { sendgrid } = await import('./providers/sendgrid/sendgrid.ts');
  return sendgrid({
    apiKey: secret('SENDGRID_API_KEY'),
    from: secret('SENDGRID_FROM_EMAIL'),
    baseUrl: Deno.env.get('SENDGRID_BASE_URL'),
  });
}
