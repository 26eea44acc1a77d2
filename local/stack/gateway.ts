/** One loopback port for /rest/v1, /auth/v1, /functions/v1/<name> and /docs, and in development lite's Studio. */
import { authAdmin } from './auth_admin.ts';
import { allowOrigins, preflight } from './cors.ts';
import { docsFile } from './docs.ts';
import { Functions } from './functions.ts';
import { createLite, type Keys } from './lite.ts';
import { firstLine, untilEnd } from './parent.ts';
import { startScheduler } from './scheduler.ts';
import { enterStudio, isStudioUser, listViews, studioFile } from './studio.ts';

interface Settings {
  port: number;
  databaseUrl: string;
  keys: Keys & { studioToken: string; jobsToken: string };
  development: boolean;
}

// The settings come by stdin, because the environment of this process is the environment of the functions.
const stdin = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
const { port, databaseUrl, keys, development }: Settings = JSON.parse(await firstLine(stdin));
const bodyLimit = 20 * 1024 * 1024;
const root = new URL('../../', import.meta.url);
const url = `http://127.0.0.1:${port}`;

const lite = await createLite({ databaseUrl, issuer: `${url}/auth/v1`, keys, studio: development });
const functions = new Functions(new URL('supabase/functions/', root));

async function answer(request: Request, peer: string): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (Number(request.headers.get('content-length') ?? 0) > bodyLimit) {
    return Response.json({ message: 'The request is too large' }, { status: 413, headers: { connection: 'close' } });
  }
  const [, name] = /^\/functions\/v1\/([A-Za-z0-9_-]+)/.exec(pathname) ?? [];
  if (name) return await functions.fetch(name, withAddress(request, peer));
  if (pathname === '/_local/jobs' && request.headers.get('apikey') === keys.secretKey) return Response.json(rounds);
  const isStudio = development && isStudioUser(request, keys.studioToken);
  // Lite trusts requests of this machine: only Studio's may look as if they came from it.
  if (/^\/(rest|auth)\/v1(\/|$)/.test(pathname)) return await restOrAuth(request, isStudio ? peer : '0.0.0.0');
  if (isStudio) {
    return studioFile(pathname, root) ?? await docsFile(pathname, root, url) ?? await studioCall(request, peer);
  }
  return (development && enterStudio(request, keys.studioToken)) || await docsFile(pathname, root, url) ||
    Response.json({ message: 'There is nothing here' }, { status: 404 });
}

async function restOrAuth(request: Request, peer: string): Promise<Response> {
  return preflight(request) ??
    allowOrigins(await authAdmin(request, lite.sql, keys.secretKey) ?? await lite.fetch(request, peer));
}

async function studioCall(request: Request, peer: string): Promise<Response> {
  const response = await lite.fetch(request, peer);
  return response.ok && request.url.endsWith('/_system/introspect') ? await listViews(response) : response;
}

/** Functions read the caller's address from x-forwarded-for; a test on this machine may name another one. */
function withAddress(request: Request, peer: string): Request {
  if (request.headers.has('x-forwarded-for')) return request;
  const headers = new Headers(request.headers);
  headers.set('x-forwarded-for', peer);
  return new Request(request, { headers });
}

// One function's mistake must not end the others.
for (const event of ['unhandledrejection', 'error'] as const) {
  addEventListener(event, (problem) => {
    problem.preventDefault();
    console.error('[gateway]', 'reason' in problem ? problem.reason : (problem as ErrorEvent).error);
  });
}

if (development) functions.watch();
const rounds = startScheduler(async (job) => {
  if (!functions.has('jobs')) return new Response();
  const headers = {
    'x-jobs-token': keys.jobsToken,
    'content-type': 'application/json',
    'x-forwarded-for': '127.0.0.1',
    // Answers when the background work has ended, so that a round never overlaps the next.
    'x-local-settled': 'yes',
  };
  const body = JSON.stringify({ job });
  return await functions.fetch('jobs', new Request(`${url}/functions/v1/jobs`, { method: 'POST', headers, body }));
});
Deno.serve(
  { hostname: '127.0.0.1', port, onListen: () => console.log(`gateway ${url}`) },
  (request, { remoteAddr }) => answer(request, remoteAddr.hostname),
);

await untilEnd(stdin);
Deno.exit();
