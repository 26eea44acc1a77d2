import type { Provider } from '../../supabase/functions/_shared/providers/port.ts';
import {
  sendgrid,
  type Settings as SendGridSettings,
} from '../../supabase/functions/_shared/providers/sendgrid/sendgrid.ts';
import { type Settings as TwilioSettings, twilio } from '../../supabase/functions/_shared/providers/twilio/twilio.ts';
import type { Fault } from './faults.ts';
import { type Sandbox, startSandbox } from './server.ts';
import type { Message } from './store.ts';

/** Credentials for tests; the sandbox accepts them and nobody else does. */
export const SETTINGS = {
  twilioAccountSid: `AC${'0'.repeat(31)}1`,
  twilioAuthToken: 'twilio-test-token',
  sendgridApiKey: 'SG.sendgrid-test-key',
};

/** Runs a test with a sandbox of its own. */
export async function withSandbox(test: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox(SETTINGS);
  try {
    await test(sandbox);
  } finally {
    await sandbox.close();
  }
}

/** The product's Twilio provider, sending to a sandbox. */
export function twilioAt(sandbox: Sandbox, over: Partial<TwilioSettings> = {}): Provider {
  return twilio({
    accountSid: SETTINGS.twilioAccountSid,
    authToken: SETTINGS.twilioAuthToken,
    from: '+15005550006',
    statusUrl: 'http://127.0.0.1:1/functions/v1/twilio-status',
    baseUrl: sandbox.url,
    ...over,
  });
}

/** The product's SendGrid provider, sending to a sandbox. */
export function sendgridAt(sandbox: Sandbox, over: Partial<SendGridSettings> = {}): Provider {
  return sendgrid({ apiKey: SETTINGS.sendgridApiKey, from: 'cards@rewardbase.test', baseUrl: sandbox.url, ...over });
}

/** Orders a fault. */
export async function fail({ url }: Sandbox, fault: Partial<Fault>): Promise<void> {
  const response = await fetch(`${url}/_faults`, { method: 'POST', body: JSON.stringify(fault) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the sandbox refused the fault: ${response.status}`);
}

/** What arrived for an address, newest first. */
export async function arrived({ url }: Sandbox, to: string): Promise<Message[]> {
  return (await fetch(`${url}/_messages?to=${encodeURIComponent(to)}`)).json();
}
