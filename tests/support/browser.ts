import { stack } from './stack.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const OPTIONS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const SUPABASE = new URL('../../node_modules/@supabase/supabase-js/dist/umd/supabase.js', import.meta.url);
const PATIENCE_MS = 90_000;

/** Path of headless Chromium, or null when none is installed. */
export function findChromium(): string | null {
  return PLACES.find((place) => {
    try {
      return Deno.statSync(place).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

/**
 * Runs a script in a page of another origin, with supabase-js as `supabase` and the facts as `facts`, and resolves with what it
 * returns. The script asks the test with `ask(question)`.
 */
export async function inPage<Result>(
  script: string,
  facts: Record<string, unknown>,
  answers: (question: Record<string, string>) => Promise<unknown>,
): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const server = Deno.serve({ hostname: 'localhost', port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/supabase.js') return new Response(await Deno.readTextFile(SUPABASE));
    if (pathname === '/ask') return Response.json(await answers(await request.json()) ?? null);
    if (pathname === '/failed') reject(new Error(`In the page: ${await request.text()}`));
    else if (pathname === '/done') resolve(await request.json());
    else return new Response(pageOf(script, facts), { headers: { 'content-type': 'text/html' } });
    return new Response();
  });
  const profile = await Deno.makeTempDir();
  const url = `http://localhost:${(server.addr as Deno.NetAddr).port}/`;
  const browser = new Deno.Command(findChromium()!, {
    args: [...OPTIONS, `--user-data-dir=${profile}`, '--remote-debugging-port=0', url],
    stdout: 'null',
    stderr: 'null',
  }).spawn();
  const patience = setTimeout(() => reject(new Error('The page did not end in time')), PATIENCE_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(patience);
    browser.kill('SIGKILL');
    await browser.status;
    await server.shutdown();
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
}

function pageOf(script: string, facts: Record<string, unknown>): string {
  const known = JSON.stringify({ apiUrl: stack.apiUrl, publishableKey: stack.publishableKey, ...facts });
  return `<!doctype html><meta charset="utf-8"><script src="/supabase.js"></script><script type="module">
    const facts = ${known.replaceAll('<', '\\u003c')};
    const post = (path, body) => fetch(path, { method: 'POST', body });
    const ask = async (question) => (await post('/ask', JSON.stringify(question))).json();
    try {
      const result = await (async () => {${script}})();
      await post('/done', JSON.stringify(result));
    } catch (error) {
      await post('/failed', String(error?.stack ?? error));
    }
  </script>`;
}
