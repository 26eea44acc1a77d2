/** Generates, once per data folder, every secret that a local stack needs. */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const token = (bytes) => randomBytes(bytes).toString('base64url');
const hex = (bytes) => randomBytes(bytes).toString('hex');
const key = () => randomBytes(32).toString('base64');

/** Reads the secrets of a data folder, making them first if there are none. */
export function loadSecrets(dataFolder) {
  const file = join(dataFolder, 'secrets.json');
  const stored = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const generated = generateSecrets();
  // A folder made by an earlier version lacks the secrets that are new.
  if (Object.keys(generated).every((name) => name in stored)) return stored;
  mkdirSync(dataFolder, { recursive: true });
  const secrets = { ...generated, ...stored };
  writeFileSync(file, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  return secrets;
}

function generateSecrets() {
  return {
    databasePassword: token(24),
    publishableKey: `sb_publishable_${token(24)}`,
    secretKey: `sb_secret_${token(24)}`,
    jobsKey: `sb_secret_${token(24)}`,
    jobsToken: token(32),
    studioToken: token(24),
    innerTokenSecret: token(48),
    signingKey: signingKey(),
    cardSealKeys: `local1:${key()}`,
    cardFingerprintKey: key(),
    twilioAccountSid: `AC${hex(16)}`,
    twilioAuthToken: hex(16),
    stripeSecretKey: `sk_test_${token(24)}`,
    stripeWebhookSecret: `whsec_${token(24)}`,
    sendgridApiKey: `SG.${token(16)}.${token(32)}`,
    tilloApiKey: hex(16),
    tilloSecretKey: hex(32),
    tillo2ApiKey: hex(16),
    tillo2SecretKey: hex(32),
    sendgridWebhookKeys: webhookKeys(),
  };
}

/** As SendGrid shows the public one: base64 of the key's standard form. */
function webhookKeys() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    private: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    public: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}

function signingKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: randomUUID() };
}
