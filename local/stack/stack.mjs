/** Brings up a whole local stack: Postgres, migrations, provider sandbox, gateway with functions and scheduler. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startScript } from './children.mjs';
import { bootstrapDatabase, databaseUrl } from './database.mjs';
import { functionEnvironment } from './function_environment.mjs';
import { migrate } from './migrate.mjs';
import { inProject } from './paths.mjs';
import { clusterFolder, startPostgres } from './postgres.mjs';
import { stopLeftover } from './postgres_leftover.mjs';
import { loadSecrets } from './secrets.mjs';
import { accountSecrets, supplierAccounts } from './supplier_accounts.mjs';

/**
 * A running stack: `facts` for tools, and a promise `ended` of the name of the first part that stops. The hook
 * `prepare` runs when the database is ready and nothing else is connected to it.
 */
export async function startStack(
  { dataFolder, ports, fast, development, write, prepare = () => {}, spareSuppliers = 0 },
) {
  const secrets = loadSecrets(dataFolder);
  const database = await startDatabase({ dataFolder, port: ports.database, fast });
  await prepare(database);

  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const sandboxUrl = `http://127.0.0.1:${ports.sandbox}`;
  const accounts = supplierAccounts(secrets, spareSuppliers);
  // A developer's own .env may name real provider accounts: no test may ever use them.
  const settings = { secrets, accounts, apiUrl, databaseUrl: database.url, sandboxUrl, readDotEnv: development };
  const environment = functionEnvironment(settings);
  const [sandbox, gateway] = await Promise.all([
    startSandbox({
      port: ports.sandbox,
      environment,
      secrets,
      accounts,
      write,
      file: development && join(dataFolder, 'sandbox.jsonl'),
    }),
    startGateway({ port: ports.api, environment, database, secrets, development, write }),
  ]);
  const parts = { Postgres: database, 'The sandbox': sandbox, 'The gateway': gateway };
  return {
    facts: factsOf({ apiUrl, sandboxUrl, ports, secrets, database, sandbox, gateway, development }),
    ended: firstEnd(parts),
  };
}

/** Postgres on a data folder, looking like a hosted project and with every migration applied. */
export async function startDatabase({ dataFolder, port, fast }) {
  const { databasePassword: password } = loadSecrets(dataFolder);
  const marker = join(dataFolder, 'bootstrapped');
  const isNew = !existsSync(marker);
  if (isNew) await removeCluster(dataFolder); // an interrupted first start leaves half a database
  const server = await startPostgres({ dataFolder, port, password, fast });
  if (isNew) {
    await bootstrapDatabase({ port, password });
    writeFileSync(marker, '');
  }
  const url = databaseUrl({ port, password });
  const migrated = await migrate(url);
  return { ...server, port, password, url, migrated };
}

/** Deletes the database of a data folder; a server that a killed start left behind is stopped first. */
export async function removeCluster(dataFolder) {
  const cluster = clusterFolder(dataFolder);
  await stopLeftover(cluster);
  rmSync(cluster, { recursive: true, force: true });
}

const stripeKeys = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'];

/** With a file, messages survive a restart. */
function startSandbox({ port, environment, secrets, accounts, write, file }) {
  const supplierKeys = Object.keys(accountSecrets(accounts));
  const names = ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'SENDGRID_API_KEY', ...supplierKeys, ...stripeKeys];
  return startScript({
    script: inProject('local', 'sandbox', 'main.ts'),
    readyWord: 'sandbox',
    environment: {
      SANDBOX_PORT: String(port),
      ...Object.fromEntries(names.map((name) => [name, environment[name]])),
      TILLO_ACCOUNTS: accounts.map(({ name }) => name).join(),
      SENDGRID_WEBHOOK_PRIVATE_KEY: secrets.sendgridWebhookKeys.private,
      FUNCTIONS_URL: environment.PUBLIC_FUNCTIONS_URL,
      ...(file ? { SANDBOX_FILE: file } : {}),
    },
    write,
  });
}

// Lite hashes passwords in the thread that serves all requests; those of throwaway users protect nothing.
const cheapPasswords = { LITE_AUTH_BCRYPT_COST: '4' };

function startGateway({ port, environment, database, secrets, development, write }) {
  const url = databaseUrl({ port: database.port, password: database.password, role: 'supabase_admin' });
  return startScript({
    script: inProject('local', 'stack', 'gateway.ts'),
    readyWord: 'gateway',
    environment: development ? environment : { ...environment, ...cheapPasswords },
    firstLine: JSON.stringify({ port, databaseUrl: url, keys: secrets, development }),
    write,
  });
}

function factsOf({ apiUrl, sandboxUrl, ports, secrets, database, sandbox, gateway, development }) {
  return {
    apiUrl,
    dbUrl: database.url,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    jobsKey: secrets.jobsKey,
    jobsToken: secrets.jobsToken,
    sandboxUrl,
    studioUrl: development ? `${apiUrl}/?studio=${secrets.studioToken}` : null,
    startedAt: new Date().toISOString(),
    ports,
    pids: { cli: process.pid, postgres: database.pid, gateway: gateway.pid, sandbox: sandbox.pid },
  };
}

function firstEnd(parts) {
  return Promise.race(Object.entries(parts).map(([name, part]) => part.exited.then(() => name)));
}
