import type { Provider } from '../../supabase/functions/_shared/messages/providers/port.ts';
import {
  sendgrid,
  type Settings as SendGridSettings,
} from '../../supabase/functions/_shared/messages/providers/sendgrid/sendgrid.ts';
import {
  type Settings as TwilioSettings,
  twilio,
} from '../../supabase/functions/_shared/messages/providers/twilio/twilio.ts';
import type { Account as TilloAccount } from '../../supabase/functions/_shared/gift_cards/suppliers/port.ts';
import type { Supplier } from '../../supabase/functions/_shared/gift_cards/suppliers/port.ts';
import { tillo } from '../../supabase/functions/_shared/gift_cards/suppliers/tillo/tillo.ts';
import type { Fault } from './faults.ts';
import { type Sandbox, startSandbox } from './server.ts';
import type { Message } from './store.ts';
import type { Sale } from './tillo_books.ts';

/** Credentials for tests; only the sandbox accepts them. */
export const SETTINGS = {
  twilioAccountSid: `AC${'0'.repeat(31)}1`,
  twilioAuthToken: 'twilio-test-token',
  sendgridApiKey: 'SG.sendgrid-test-key',
  tilloAccounts: [
    { name: 'tillo', apiKey: 'test_api_key', secretKey: 'test_secret_key' },
    { name: 'tillo2', apiKey: 'other_api_key', secretKey: 'other_secret_key' },
  ],
  stripe: {
    secretKey: 'sk_test_sandbox',
    webhookSecret: 'whsec_test',
    webhookUrl: 'http://127.0.0.1:1/stripe-webhook',
  },
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

/** The product's Tillo client, buying from an account of a sandbox. */
export function tilloAt({ url }: Sandbox, name = 'tillo', over: Partial<TilloAccount> = {}): Supplier {
  const { apiKey, secretKey } = SETTINGS.tilloAccounts.find((account) => account.name === name)!;
  return tillo({ apiKey, secretKey, baseUrl: `${url}/${name}/api/v2`, ...over });
}

/** The cards that an account of a sandbox has sold. */
export async function cardsAt({ url }: Sandbox, name = 'tillo'): Promise<Sale[]> {
  return (await fetch(`${url}/_suppliers/${name}/cards`)).json();
}

/** Changes a supplier's state in a sandbox: `floats`, `brands` or `backdate`. */
export async function arrange({ url }: Sandbox, thing: string, order: object, name = 'tillo'): Promise<void> {
  const response = await fetch(`${url}/_suppliers/${name}/${thing}`, { method: 'POST', body: JSON.stringify(order) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the sandbox refused: ${response.status}`);
}

/** Orders a fault. */
export async function fail({ url }: Sandbox, fault: Partial<Fault>): Promise<void> {
  const response = await fetch(`${url}/_faults`, { method: 'POST', body: JSON.stringify(fault) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the sandbox refused the fault: ${response.status}`);
}

/** The messages to an address, newest first. */
export async function arrived({ url }: Sandbox, to: string): Promise<Message[]> {
  return (await fetch(`${url}/_messages?to=${encodeURIComponent(to)}`)).json();
}
