import assert from 'node:assert/strict';
import { stack } from '../support/stack.ts';

const FUNCTIONS = new URL('../../supabase/functions/', import.meta.url);
const SENT = [
  'authorization',
  'apikey',
  'content-type',
  'x-client-info',
  'idempotency-key',
  'x-retry-count',
  'x-region',
  'traceparent',
];

/** Every function, and whether its own source says that a user or the publishable key may call it. */
function functions(): { name: string; isForBrowsers: boolean }[] {
  return [...Deno.readDirSync(FUNCTIONS)].filter(({ isDirectory, name }) => isDirectory && name !== '_shared').map(
    ({ name }) => {
      const [, auth] = /auth: (\[[^\]]*\]|'[^']*')/.exec(
        Deno.readTextFileSync(new URL(`${name}/index.ts`, FUNCTIONS)),
      )!;
      return { name, isForBrowsers: /'(user|publishable)/.test(auth) };
    },
  );
}

Deno.test('functions: every one that a user or a page may call answers preflight requests and lets the page read its answer', async () => {
  const all = functions();
  assert.ok(all.length > 25 && all.some(({ isForBrowsers }) => !isForBrowsers));
  for (const { name, isForBrowsers } of all) {
    const url = `${stack.apiUrl}/functions/v1/${name}`;
    const origin = 'https://shop.example';
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': SENT.join(', ') },
    });
    const allowed = preflight.headers.get('access-control-allow-headers')?.split(', ') ?? [];
    assert.deepEqual(
      [
        preflight.status,
        preflight.headers.get('access-control-allow-origin'),
        SENT.filter((header) => !allowed.includes(header)),
      ],
      isForBrowsers ? [204, '*', []] : [405, null, SENT],
      name,
    );
    await preflight.body?.cancel();
    const refusal = await fetch(url, { method: 'POST', headers: { origin }, body: '{}' });
    assert.equal(refusal.headers.get('access-control-allow-origin'), isForBrowsers ? '*' : null, name);
    await refusal.body?.cancel();
  }
});
