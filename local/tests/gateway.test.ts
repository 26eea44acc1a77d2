/** The gateway's own behaviour: routes that exist and routes that must not. */
import assert from 'node:assert/strict';

const apiUrl = Deno.env.get('API_URL')!;
const secretKey = Deno.env.get('SECRET_KEY')!;

async function statusOf(path: string, init: RequestInit = {}) {
  const response = await fetch(apiUrl + path, init);
  await response.body?.cancel();
  return response.status;
}

Deno.test('gateway: an unknown function is 404', async () => {
  assert.equal(await statusOf('/functions/v1/no-such-function', { method: 'POST', body: '{}' }), 404);
  assert.equal(await statusOf('/functions/v1/_shared', { method: 'POST' }), 404);
});

Deno.test("gateway: lite's own pages and its unguarded system routes are not served", async () => {
  for (const path of ['/', '/_system/info', '/_system/introspect', '/static/../package.json']) {
    assert.equal(await statusOf(path), 404, path);
  }
});

Deno.test('gateway: without a key there is no REST', async () => {
  assert.equal(await statusOf('/rest/v1/clients'), 401);
});

Deno.test('gateway: a body of more than 20 MB is refused', async () => {
  const init = { method: 'POST', headers: { apikey: secretKey }, body: new Uint8Array(21 * 1024 * 1024) };
  assert.equal(await statusOf('/rest/v1/clients', init), 413);
});
