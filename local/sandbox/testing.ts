import type { Fault } from './faults.ts';
import { type Sandbox, startSandbox } from './server.ts';
import type { Message } from './store.ts';

/** Credentials for tests; the sandbox accepts them and nobody else does. */
export const SETTINGS = {
  twilioAccountSid: `AC${'0'.repeat(31)}1`,
  twilioAuthToken: 'twilio-test-token',
  sendgridApiKey: 'SG.sendgrid-test-key',
};

/** A sandbox with the environment that sends the product's providers there. */
export async function withSandbox(test: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  const sandbox = await startSandbox(SETTINGS);
  const env = {
    TWILIO_ACCOUNT_SID: SETTINGS.twilioAccountSid,
    TWILIO_AUTH_TOKEN: SETTINGS.twilioAuthToken,
    TWILIO_FROM_NUMBER: '+15005550006',
    TWILIO_BASE_URL: sandbox.url,
    SENDGRID_API_KEY: SETTINGS.sendgridApiKey,
    SENDGRID_FROM_EMAIL: 'cards@rewardbase.test',
    SENDGRID_BASE_URL: sandbox.url,
    PUBLIC_FUNCTIONS_URL: 'http://127.0.0.1:1/functions/v1',
  };
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    await test(sandbox);
  } finally {
    for (const name of Object.keys(env)) Deno.env.delete(name);
    await sandbox.close();
  }
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
