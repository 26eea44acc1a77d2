/** Brings up a whole local stack: Postgres, migrations, provider sandbox, gateway with functions and scheduler. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startScript } from './children.mjs';
import { bootstrapDatabase, databaseUrl } from './database.mjs';
import { functionEnvironment } from './function_environment.mjs';
import { migrate } from './migrate.mjs';
import { inProject } from './paths.mjs';
import { clusterFolder, isAlive, startPostgres, stopLeftover } from './postgres.mjs';
import { loadSecrets } from './secrets.mjs';

/**
 * A running stack: `facts` for tools, `ended` when a part stopped by itself, `stop()`. The hook `prepare` runs when
 * the database is ready and nothing else is connected to it.
 */
export async function startStack({ dataFolder, ports, fast, development, readDotEnv, write, prepare = () => {} }) {
  const secrets = loadSecrets(dataFolder);
  const parts = [];
  const stop = async () => {
    for (const part of parts.splice(0).reverse()) await part.stop();
  };
  try {
    const database = await startDatabase({ dataFolder, port: ports.database, secrets, fast });
    parts.push(database);
    await prepare(database);
    const serving = await startServers({ ports, secrets, database, development, readDotEnv, write });
    parts.push(...serving.parts);
    const pids = { cli: process.pid, postgres: database.pid, ...serving.pids };
    return { facts: { ...serving.facts, pids }, ended: firstEnd(parts), stop, secrets };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Postgres on a data folder, looking like a hosted project and with every migration applied. */
export async function startDatabase({ dataFolder, port, secrets, fast }) {
  const password = secrets.databasePassword;
  const marker = join(dataFolder, 'bootstrapped');
  const isNew = !existsSync(marker);
  if (isNew) await removeCluster(dataFolder); // an interrupted first start leaves half a database
  const server = await startPostgres({ dataFolder, port, password, fast });
  try {
    if (isNew) {
      await bootstrapDatabase({ port, password });
      writeFileSync(marker, '');
    }
    const url = databaseUrl({ port, password });
    const migrated = await migrate(url);
    return { ...server, name: 'Postgres', port, url, migrated, password };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Deletes the database of a data folder; a server that a killed start left behind is stopped first. */
export async function removeCluster(dataFolder) {
  const cluster = clusterFolder(dataFolder);
  await stopLeftover(cluster);
  rmSync(cluster, { recursive: true, force: true });
}

async function startServers({ ports, secrets, database, development, readDotEnv, write }) {
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  const sandboxScript = inProject('local', 'sandbox', 'main.ts');
  const sandboxUrl = `http://127.0.0.1:${ports.sandbox}`;
  const environment = functionEnvironment({ secrets, apiUrl, databaseUrl: database.url, sandboxUrl, readDotEnv });
  const sandbox = existsSync(sandboxScript) && startScript({
    script: sandboxScript,
    readyWord: 'sandbox',
    environment: {
      SANDBOX_PORT: String(ports.sandbox),
      TWILIO_ACCOUNT_SID: environment.TWILIO_ACCOUNT_SID,
      TWILIO_AUTH_TOKEN: environment.TWILIO_AUTH_TOKEN,
      SENDGRID_API_KEY: environment.SENDGRID_API_KEY,
    },
    write,
  });
  const gateway = startScript({
    script: inProject('local', 'gateway.ts'),
    readyWord: 'gateway',
    environment,
    firstLine: JSON.stringify({
      port: ports.api,
      databaseUrl: databaseUrl({ port: database.port, password: database.password, role: 'supabase_admin' }),
      keys: secrets,
      development,
    }),
    write,
  });
  const started = await allOrNone({ ...(sandbox ? { sandbox } : {}), gateway });
  return {
    facts: {
      apiUrl,
      dbUrl: database.url,
      publishableKey: secrets.publishableKey,
      secretKey: secrets.secretKey,
      jobsKey: secrets.jobsKey,
      sandboxUrl: sandbox ? sandboxUrl : null,
      studioUrl: development ? apiUrl : null,
    },
    parts: Object.entries(started).map(([name, part]) => ({ ...part, name: `The ${name}` })),
    pids: { gateway: started.gateway.pid, sandbox: started.sandbox?.pid ?? null },
  };
}

/** Waits for all; when one fails, stops those that came up, so that nothing is left behind. */
async function allOrNone(starting) {
  const names = Object.keys(starting);
  const results = await Promise.allSettled(Object.values(starting));
  const failure = results.find((result) => result.status === 'rejected');
  if (!failure) return Object.fromEntries(results.map((result, at) => [names[at], result.value]));
  for (const result of results) if (result.status === 'fulfilled') await result.value.stop();
  throw failure.reason;
}

function firstEnd(parts) {
  return Promise.race(parts.map((part) => part.exited.then(() => part.name)));
}

/** Writes the facts of a running stack for tools; only this user may read them. */
export function writeFacts(dataFolder, facts) {
  mkdirSync(dataFolder, { recursive: true });
  const file = join(dataFolder, 'stack.json');
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
}

/** Forgets the facts of a stack that has stopped. */
export function removeFacts(dataFolder) {
  rmSync(join(dataFolder, 'stack.json'), { force: true });
}

/** The facts of the stack that runs on a data folder now, or null. */
export function runningFacts(dataFolder) {
  try {
    const facts = JSON.parse(readFileSync(join(dataFolder, 'stack.json'), 'utf8'));
    return isAlive(facts.pids.cli) ? facts : null;
  } catch {
    return null;
  }
}
