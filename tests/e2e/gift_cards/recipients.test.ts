import assert from 'node:assert/strict';
import type { SupabaseClient } from '@supabase/supabase-js';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { provision, redeem } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { clientWith, signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { stack } from '../../support/stack.ts';
import { symbols, uniquePhone } from '../../support/unique.ts';

const server = clientWith(stack.secretKey);

Deno.test('recipients: an admin or a server filters by redemption_token or redemption_code → the recipient with its campaign', async () => {
  const [mine, foreign] = [await promise({ cards: 0 }), await promise({ cards: 0 })];
  const admin = await signUpAs('client_admin', mine.clientId);
  const lookUp = (client: SupabaseClient, column: string, code: string) =>
    client.from('recipients').select('*, campaign:campaigns(*)').eq(column, code).single();
  for (const client of [admin.client, server]) {
    for (
      const [column, code] of [
        ['redemption_token', mine.recipient.token],
        ['redemption_code', mine.recipient.token.replaceAll('-', '')],
      ]
    ) {
      const { data: recipient, error } = await lookUp(client, column, code);
      assert.equal(error, null);
      assert.deepEqual([recipient.id, recipient.campaign.id], [mine.recipient.id, mine.campaignId]);
    }
  }
  assert.equal((await lookUp(admin.client, 'redemption_token', foreign.recipient.token)).data, null);
  assert.equal((await lookUp(admin.client, 'redemption_token', symbols(12))).data, null);
});

Deno.test('recipients: embedding in campaigns, cards and grants, both ways → works', async () => {
  const promised = await promise();
  const { client } = await signUpAs('client_admin', promised.clientId);
  assertDone(await provision(promised, { deliveryMethod: 'sms' }));
  const only = async (query: PromiseLike<{ data: unknown; error: unknown }>) => {
    const { data, error } = await query;
    assert.equal(error, null);
    return data as Record<string, { id: string; redemption_token: string }[]>;
  };
  const { id, token } = promised.recipient;
  const campaign = await only(
    client.from('campaigns').select('id, recipients(id, redemption_token)').eq('id', promised.campaignId).single(),
  );
  assert.deepEqual(campaign.recipients, [{ id, redemption_token: token }]);
  const card = await only(
    client.from('gift_cards').select('id, recipients(id, redemption_token)').eq('recipient_id', id).single(),
  );
  assert.deepEqual(card.recipients, { id, redemption_token: token });
  const grant = await only(
    client.from('gift_card_grants').select('id, recipients(id, redemption_token)').eq('recipient_id', id).single(),
  );
  assert.deepEqual(grant.recipients, { id, redemption_token: token });
  const recipient = await only(
    client.from('recipients').select('id, gift_cards(id), gift_card_grants(id)').eq('id', id).single(),
  );
  assert.deepEqual([recipient.gift_cards.length, recipient.gift_card_grants.length], [1, 1]);
});

Deno.test('recipients: an agent reads every column but the codes, and filters by a code → no row', async () => {
  const promised = await promise({ cards: 0 });
  const agent = await signUpAs('call_agent', promised.clientId);
  const { token, id, phone } = promised.recipient;
  const { data, error } = await agent.client.from('recipients').select('*, campaign:campaigns(*)').eq('id', id)
    .single();
  assert.equal(error, null);
  assert.deepEqual([data.phone, data.redemption_token, data.redemption_code], [phone, null, null]);
  assert.equal(data.campaign.id, promised.campaignId);
  for (
    const query of [
      agent.client.from('recipients').select('id').eq('redemption_token', token),
      agent.client.from('recipients').select('id').eq('redemption_code', token.replaceAll('-', '')),
      agent.client.from('recipient_codes').select('*'),
      agent.client.from('campaign_recipients').select('*, recipient_codes(*)').eq(
        'recipient_codes.redemption_token',
        token,
      )
        .not('recipient_codes', 'is', null),
    ]
  ) {
    assert.deepEqual((await query).data ?? [], []);
  }
  const written = JSON.stringify([
    data,
    (await agent.client.from('campaign_recipients').select('*, recipient_codes(*)')).data,
  ]);
  assert.ok(!written.includes(token), written);
});

interface ImportedRow {
  row: number;
  outcome: string;
  recipientId: string;
  redemptionCode: string;
}

interface Imported {
  imported: number;
  known: number;
  sharedContact: number;
  rejected: number;
  rows: ImportedRow[];
}

/** Imports a list through the Data API. */
async function importList(client: SupabaseClient, args: Record<string, unknown>): Promise<Imported> {
  const { data, error } = await client.rpc('import_recipients', args);
  assert.equal(error, null, error?.message);
  return data;
}

const listOf = (length: number) =>
  Array.from({ length }, (_, n) => ({ firstName: 'Ada', lastName: `Archer ${n}`, email: `ada.${n}@example.com` }));

for (const length of [1200, 10_000]) {
  Deno.test(`import_recipients: ${length} rows over HTTP → an outcome for each; the list again → all known`, async () => {
    const { clientId, campaignId } = await promise({ cards: 0, recipients: 0 });
    const { client } = await signUpAs('client_admin', clientId);
    const args = { campaign_id: campaignId, recipients: listOf(length) };
    const first = await importList(client, args);
    assert.deepEqual([first.imported, first.known, first.sharedContact, first.rejected], [length, 0, 0, 0]);
    assert.deepEqual(first.rows.map(({ row }) => row), Array.from({ length }, (_, n) => n + 1));
    assert.equal(new Set(first.rows.map(({ redemptionCode }) => redemptionCode)).size, length);
    const again = await importList(client, args);
    assert.deepEqual([again.imported, again.known], [0, length]);
    const named = ({ recipientId, redemptionCode }: ImportedRow) => `${recipientId} ${redemptionCode}`;
    assert.deepEqual(again.rows.map(named), first.rows.map(named));
    const { count } = await client.from('recipients').select('*', { count: 'exact', head: true })
      .eq('campaign_id', campaignId);
    assert.equal(count, length);
  });
}

Deno.test('import_recipients: a list sent again after a time-out, both codes redeemed → one card', async () => {
  const { clientId, campaignId } = await promise({ cards: 2, recipients: 0 });
  const { client } = await signUpAs('client_admin', clientId);
  const args = {
    campaign_id: campaignId,
    recipients: [{ firstName: 'Ada', lastName: 'Archer', phone: uniquePhone() }],
  };
  const codes = [(await importList(client, args)).rows[0], (await importList(client, args)).rows[0]]
    .map(({ redemptionCode }) => redemptionCode);
  assertDone(await redeem(codes[0]));
  assertRefused(await redeem(codes[1]), 'GC-010');
  const [{ count }] = await sql`select count(*) from public.gift_card_grants where campaign_id = ${campaignId}`;
  assert.equal(count, 1);
});

Deno.test('import_recipients, rotate, export: the secret key → works for a server', async () => {
  const { campaignId } = await promise({ cards: 0, recipients: 0 });
  const args = { campaign_id: campaignId, recipients: listOf(1200), idempotency_key: 'list-1' };
  const first = await importList(server, args);
  assert.deepEqual(await importList(server, args), first);
  const other = await server.rpc('import_recipients', { ...args, recipients: listOf(2) });
  assert.equal(other.error?.code, 'RB409');
  const rotated = await server.rpc('rotate_redemption_codes', { campaign_id: campaignId, reason: 'a leak' });
  assert.deepEqual([rotated.error, rotated.data?.rotated, rotated.data?.remaining], [null, 1200, 0]);
  const exported = await server.rpc('export_redemption_codes', { campaign_id: campaignId });
  const codes = exported.data.rows.map(({ redemptionCode }: ImportedRow) => redemptionCode);
  assert.equal(new Set(codes).size, 1200);
  assert.ok(!first.rows.some(({ redemptionCode }) => codes.includes(redemptionCode)));
  const agent = await signUpAs('call_agent', (await promise({ cards: 0, recipients: 0 })).clientId);
  assert.equal((await agent.client.rpc('export_redemption_codes', { campaign_id: campaignId })).error?.code, 'RB404');
});

Deno.test('list_denominations: more than 1,000 rows → read on with range, each once', async () => {
  const { brandId } = await promise({ cards: 0, recipients: 0 });
  await sql`
    insert into public.brand_denominations (brand_id, denomination, currency)
    select ${brandId}, 1000 + n, 'USD' from generate_series(1, 1100) n`;
  const { client } = await signUpAs('platform_admin');
  const ids: string[] = [];
  for (let from = 0, page = 1000; page === 1000; from += page) {
    const { data, error } = await client.rpc('list_denominations').eq('brand_id', brandId).range(from, from + 999);
    assert.equal(error, null);
    ids.push(...data.map(({ id }: { id: string }) => id));
    page = data.length;
  }
  const [{ count }] = await sql`select count(*) from public.brand_denominations where brand_id = ${brandId}`;
  assert.deepEqual([ids.length, new Set(ids).size], [count, count]);
});

Deno.test('start-call-session: a code that a caller reads out → checked, never shown', async () => {
  const promised = await promise({ cards: 1 });
  const { recipient, campaignId } = promised;
  const agent = await signUpAs('call_agent', promised.clientId);
  const check = (confirmationCode: string) =>
    call('start-call-session', { callerPhone: uniquePhone(), campaignId, confirmationCode }, { token: agent.token });
  const session = await check(recipient.token.toLowerCase());
  assertDone(session);
  assert.deepEqual(session.body.matches.map(({ recipientId }: ImportedRow) => recipientId), [recipient.id]);
  assert.ok(!session.text.includes(recipient.token));
  assertRefused(await check(symbols(12)), 'GC-011');
  // The checked caller has a new phone: no reason is asked for.
  const provisioned = await call('provision-gift-card-for-call-center', {
    callSessionId: session.body.callSessionId,
    recipientId: recipient.id,
    conditionNumber: 1,
    deliveryMethod: 'sms',
    phone: uniquePhone(),
  }, { token: agent.token });
  assertDone(provisioned);
});
