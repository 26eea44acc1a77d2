import assert from 'node:assert/strict';
import { loadContracts } from '../../local/tools/checks/contracts.ts';
import { stack } from '../support/stack.ts';

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

/** Every function, and whether a user or the publishable key may call it. */
async function functions(): Promise<{ name: string; isForBrowsers: boolean }[]> {
  return Array.from(await loadContracts(), ([name, { auth }]) => ({
    name,
    isForBrowsers: [auth].flat().some((mode) => /^(user|publishable)/.test(mode)),
  }));
}

Deno.test('functions: each that a user or a page may call → answers preflight, the page reads its answer', async () => {
  const all = await functions();
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
