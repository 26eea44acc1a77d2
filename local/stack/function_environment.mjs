/** Makes the environment that the edge functions run in: generated secrets, overridden by supabase/functions/.env. */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { inProject } from './paths.mjs';
import { accountSecrets } from './supplier_accounts.mjs';

/** What a hosted project sets by itself, and every secret that .env.example lists. */
export function functionEnvironment({ secrets, accounts, apiUrl, databaseUrl, sandboxUrl, readDotEnv }) {
  const { d: _private, ...publicKey } = secrets.signingKey;
  return {
    SUPABASE_URL: apiUrl,
    SUPABASE_DB_URL: databaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: secrets.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secrets.secretKey, jobs: secrets.jobsKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [{ ...publicKey, key_ops: ['verify'] }] }),
    SUPABASE_ANON_KEY: secrets.publishableKey,
    SUPABASE_SERVICE_ROLE_KEY: secrets.secretKey,
    JOBS_TOKEN: secrets.jobsToken,
    CARD_SEAL_KEYS: secrets.cardSealKeys,
    CARD_FINGERPRINT_KEY: secrets.cardFingerprintKey,
    TWILIO_ACCOUNT_SID: secrets.twilioAccountSid,
    TWILIO_AUTH_TOKEN: secrets.twilioAuthToken,
    TWILIO_FROM_NUMBER: '+15550100000',
    TWILIO_BASE_URL: sandboxUrl,
    SENDGRID_API_KEY: secrets.sendgridApiKey,
    SENDGRID_FROM_EMAIL: 'rewards@example.com',
    SENDGRID_BASE_URL: sandboxUrl,
    ...accountSecrets(accounts, sandboxUrl),
    SENDGRID_WEBHOOK_PUBLIC_KEY: secrets.sendgridWebhookKeys.public,
    STRIPE_SECRET_KEY: secrets.stripeSecretKey,
    STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
    STRIPE_BASE_URL: sandboxUrl,
    COMPANY_NAME: 'Rewardbase',
    SUPPORT_PHONE_NUMBER: '+1 555 010 0199',
    SUPPORT_EMAIL: 'support@example.com',
    PUBLIC_CLAIM_URL: 'https://shop.example/gift-card',
    PUBLIC_FUNCTIONS_URL: `${apiUrl}/functions/v1`,
    DELIVERY_LOOKUP_GRACE_SECONDS: '2',
    WEBHOOK_ALLOWED_HOSTS: new URL(sandboxUrl).host,
    TRUSTED_PROXY_HOPS: '1',
    ...(readDotEnv ? ownSettings() : {}),
  };
}

/** Lines of .env with a value; one copied from .env.example and left empty means the generated secret. */
function ownSettings() {
  const file = inProject('supabase', 'functions', '.env');
  if (!existsSync(file)) return {};
  return Object.fromEntries(Object.entries(parseEnv(readFileSync(file, 'utf8'))).filter(([, value]) => value !== ''));
}
