/** The gateway's own behaviour: routes that exist and routes that must not. */
import assert from 'node:assert/strict';

const apiUrl = Deno.env.get('API_URL')!;
const secretKey = Deno.env.get('SECRET_KEY')!;

async function statusOf(path: string, init: RequestInit = {}) {
  const response = await fetch(apiUrl + path, init);
  await response.body?.cancel();
  return response.status;
}

Deno.test('gateway: an unknown function → 404', async () => {
  assert.equal(await statusOf('/functions/v1/no-such-function', { method: 'POST', body: '{}' }), 404);
  assert.equal(await statusOf('/functions/v1/_shared', { method: 'POST' }), 404);
});

Deno.test("gateway: lite's own pages and system routes → 404", async () => {
  for (const path of ['/', '/_system/info', '/_system/introspect', '/static/../package.json']) {
    assert.equal(await statusOf(path), 404, path);
  }
});

Deno.test('gateway: REST without a key → 401', async () => {
  assert.equal(await statusOf('/rest/v1/clients'), 401);
});

Deno.test('gateway: a body of more than 20 MB → 413', async () => {
  const init = { method: 'POST', headers: { apikey: secretKey }, body: new Uint8Array(21 * 1024 * 1024) };
  assert.equal(await statusOf('/rest/v1/clients', init), 413);
});

Deno.test('gateway: Auth and REST from another origin → CORS headers', async () => {
  const origin = 'https://shop.example';
  const wanted = 'authorization, apikey, content-type, x-client-info, x-supabase-api-version';
  for (
    const path of ['/auth/v1/signup', '/auth/v1/token?grant_type=password', '/auth/v1/user', '/rest/v1/recipients']
  ) {
    const preflight = await fetch(apiUrl + path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': wanted },
    });
    assert.equal(preflight.status, 204, path);
    assert.equal(preflight.headers.get('access-control-allow-origin'), '*', path);
    assert.equal(preflight.headers.get('access-control-allow-headers'), wanted, path);
    const answer = await fetch(apiUrl + path, { headers: { origin, apikey: 'wrong' } });
    await answer.body?.cancel();
    assert.equal(answer.headers.get('access-control-allow-origin'), '*', path);
  }
});

Deno.test('gateway: /_local/jobs → the last round of each job for the secret key, 404 without it', async () => {
  assert.equal(await statusOf('/_local/jobs'), 404);
  assert.equal(await statusOf('/_local/jobs', { headers: { apikey: 'sb_secret_other' } }), 404);
  const response = await fetch(`${apiUrl}/_local/jobs`, { headers: { apikey: secretKey } });
  const rounds = await response.json();
  assert.ok('deliveries' in rounds && 'stuck-cards' in rounds);
  assert.deepEqual(Object.keys(rounds.deliveries).sort(), ['endedAt', 'milliseconds', 'problem']);
});

Deno.test('gateway: /docs → the description of the API with a viewer that loads nothing from elsewhere', async () => {
  const page = await (await fetch(`${apiUrl}/docs`)).text();
  const files = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, path]) => path);
  assert.ok(files.includes('/docs/swagger-ui-bundle.js'));
  for (const path of files) {
    assert.match(path, /^\/docs\//);
    assert.equal(await statusOf(path), 200, path);
  }
  const response = await fetch(`${apiUrl}/docs/openapi.json`);
  assert.match(response.headers.get('content-security-policy')!, /^default-src 'none'/);
  const { openapi, servers, paths } = await response.json();
  assert.deepEqual([openapi, servers], ['3.1.0', [{ url: apiUrl }]]);
  assert.ok(paths['/functions/v1/redeem-voucher'].post && paths['/rest/v1/rpc/create_voucher'].post);
  for (const path of ['/docs/package.json', '/docs/../package.json', '/docs/%2e%2e/package.json', '/docsx']) {
    assert.equal(await statusOf(path), 404, path);
  }
});
