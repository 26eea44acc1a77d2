/** Connects to the stack's database and prepares a new one. */
import { spawn } from 'node:child_process';
import { denoExecutable, inProject, root, toolEnvironment } from './paths.mjs';

/** The URL of a database on this machine for one of the roles that share the stack's password. */
export function databaseUrl({ port, password, role = 'postgres', database = 'postgres' }) {
  return `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`;
}

/** Runs `work` with one connection and closes it. */
export async function withDatabase(url, work) {
  const { default: postgres } = await import('postgres');
  const sql = postgres(url, { max: 1, onnotice() {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** Makes the database look like a hosted project, unless it does already. */
export async function bootstrapDatabase({ port, password }) {
  const url = databaseUrl({ port, password, role: 'supabase_admin' });
  const isReady = await withDatabase(url, async (sql) => {
    const [{ found }] = await sql`select to_regprocedure('auth.jwt()') is not null
      and (select proowner::regrole::text from pg_proc where oid = to_regprocedure('auth.jwt()')) = 'supabase_auth_admin' as found`;
    return found;
  });
  if (!isReady) await runBootstrap({ url, password });
}

function runBootstrap(input) {
  return new Promise((resolve, reject) => {
    const child = spawn(denoExecutable(), ['run', '-A', inProject('local', 'stack', 'bootstrap', 'main.ts')], {
      cwd: root,
      env: { ...process.env, ...toolEnvironment },
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('exit', (code) => code === 0 ? resolve() : reject(new Error('The database could not be prepared.')));
    child.stdin.end(JSON.stringify(input));
  });
}
