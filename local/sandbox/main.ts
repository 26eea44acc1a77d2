import { startSandbox } from './server.ts';

const env = (name: string): string => {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const sandbox = await startSandbox({
  port: Number(Deno.env.get('SANDBOX_PORT') ?? 0),
  twilioAccountSid: env('TWILIO_ACCOUNT_SID'),
  twilioAuthToken: env('TWILIO_AUTH_TOKEN'),
  sendgridApiKey: env('SENDGRID_API_KEY'),
  tilloAccounts: env('TILLO_ACCOUNTS').split(',').map((name) => ({
    name,
    apiKey: env(`${name.toUpperCase()}_API_KEY`),
    secretKey: env(`${name.toUpperCase()}_SECRET_KEY`),
  })),
  sendgridWebhookKey: env('SENDGRID_WEBHOOK_PRIVATE_KEY'),
  functionsUrl: env('FUNCTIONS_URL'),
  stripe: {
    secretKey: env('STRIPE_SECRET_KEY'),
    webhookSecret: env('STRIPE_WEBHOOK_SECRET'),
    webhookUrl: `${env('FUNCTIONS_URL')}/stripe-webhook`,
  },
  file: Deno.env.get('SANDBOX_FILE'),
});
console.log(`sandbox ${sandbox.url}`);

// The parent process holds the other end: when it ends, even by SIGKILL, the sandbox ends too.
for await (const _ of Deno.stdin.readable);
await sandbox.close();
