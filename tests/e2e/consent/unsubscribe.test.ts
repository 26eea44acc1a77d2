import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { provision } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { promise } from '../../support/promise.ts';
import { messageTo, tellEvents } from '../../support/sandbox.ts';
import { stack } from '../../support/stack.ts';

const kindsOf = async (email: string) =>
  (await sql`select kind from public.contact_opt_outs where channel = 'email' and address = ${email}`).map(({ kind }) =>
    kind
  );

/** Has a card sent by e-mail; returns the address, and the link in its headers as the stack serves it. */
async function cardByEmail() {
  const promised = await promise();
  const { email } = promised.recipient;
  assertDone(await provision(promised, { deliveryMethod: 'email' }));
  const { headers = {} } = await messageTo(email);
  return { email, headers, url: headers['List-Unsubscribe']?.replace(/^<|>$/g, '') };
}

const oneClick = (url: string) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  });

Deno.test('unsubscribe: one POST to List-Unsubscribe of any e-mail (RFC 8058) → an opt-out', async () => {
  const { email, url, headers } = await cardByEmail();
  assert.equal(headers['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click');
  assert.ok(url.startsWith(`${stack.apiUrl}/functions/v1/unsubscribe?token=`), url);
  assert.ok(!url.includes(email), 'the address stands in no log');
  const answer = await oneClick(url);
  assert.equal(answer.status, 200);
  assert.equal((await answer.json()).status, 'unsubscribed');
  assert.deepEqual(await kindsOf(email), ['one_click']);
  assert.equal((await oneClick(url)).status, 200, 'twice is once');
  assert.deepEqual(await kindsOf(email), ['one_click']);
});

Deno.test('unsubscribe: GET and HEAD → plain text, and nothing changes', async () => {
  const { email, url } = await cardByEmail();
  const shown = await fetch(url);
  assert.equal(shown.status, 200);
  assert.match(shown.headers.get('content-type')!, /^text\/plain/);
  assert.match(await shown.text(), /To unsubscribe/);
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
  assert.deepEqual(await kindsOf(email), []);
});

Deno.test('unsubscribe: action=resubscribe → lifts what the link did, and no spam report', async () => {
  const { email, url } = await cardByEmail();
  await (await oneClick(url)).body?.cancel();
  await tellEvents([{ event: 'spamreport', email, sg_event_id: crypto.randomUUID() }]);
  const again = await oneClick(`${url}&action=resubscribe`);
  assert.equal((await again.json()).status, 'resubscribed');
  assert.deepEqual(await kindsOf(email), ['spamreport']);
});

Deno.test('unsubscribe: a token that we have not signed → RB-404', async () => {
  const { email, url } = await cardByEmail();
  const token = new URL(url).searchParams.get('token')!;
  for (const forged of ['', 'x', token.slice(0, -1), `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`]) {
    assertRefused(await call(`unsubscribe?token=${forged}`, {}, { key: null }), 'RB-404');
  }
  assert.deepEqual(await kindsOf(email), []);
});
