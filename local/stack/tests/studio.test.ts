/** Studio acts with the rights of a secret key: only the person with the printed address may use it. */
import assert from 'node:assert/strict';
import { enterStudio, isStudioUser, listViews, studioFile } from '../studio.ts';

const url = 'http://127.0.0.1:54321/';

Deno.test('studio: the printed URL → a cookie for this port only', () => {
  const cookie = enterStudio(new Request(`${url}?studio=right`), 'right')!.headers.get('set-cookie')!;
  assert.match(cookie, /HttpOnly; SameSite=Strict/);
  const headers = { cookie: cookie.split(';')[0] };
  assert.equal(isStudioUser(new Request(url, { headers }), 'right'), true);
  assert.equal(isStudioUser(new Request(url, { headers }), 'other'), false);
  assert.equal(isStudioUser(new Request('http://127.0.0.1:54421/', { headers }), 'right'), false);
});

Deno.test('studio: a wrong token or a foreign origin → refused', () => {
  assert.equal(enterStudio(new Request(`${url}?studio=wrong`), 'right'), null);
  assert.equal(enterStudio(new Request(url), 'right'), null);
  assert.equal(isStudioUser(new Request(url), 'right'), false);
});

Deno.test('studio: its own files → served; others → 404', () => {
  const root = new URL('../../../', import.meta.url);
  assert.equal(studioFile('/rest/v1/clients', root), null);
  assert.equal(studioFile('/static/../../package.json', root), null);
  assert.equal(studioFile('/static/none.js', root)!.status, 404);
});

Deno.test('studio: views of the API → listed beside the tables', async () => {
  const schema = {
    tables: [{ name: 'clients', schema: 'public' }],
    views: [{ name: 'gift_card_pools', schema: 'public' }, { name: 'ledger_imbalances', schema: 'private' }],
  };
  const { tables } = await (await listViews(Response.json(schema))).json();
  assert.deepEqual(tables.map(({ name }: { name: string }) => name), ['clients', 'gift_card_pools']);
});
