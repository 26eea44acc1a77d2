import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { provision, redeem } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { giveCredit, masterPool, sell } from '../../support/sales.ts';

/** This month, as the statement names it. */
const month = new Date().toISOString().slice(0, 7);

/** A client with a card given on invoice, one from credit, and two that it bought. */
async function billed() {
  const promised = await promise({ cards: 2, recipients: 2 });
  const { clientId, brandId, recipients } = promised;
  await provision({ ...promised, recipient: recipients[0] });
  await giveCredit(clientId, 100);
  await provision({ ...promised, recipient: recipients[1] });
  await sell(await masterPool(brandId, 2), clientId, 2);
  return promised;
}

Deno.test("billing-statement: a client admin → the client's bills, never the costs", async () => {
  const { clientId } = await billed();
  const { token, client } = await signUpAs('client_admin', clientId);
  const answer = await call('billing-statement', { clientId, month }, { token });
  assertDone(answer);
  assert.deepEqual(answer.body.totals, [{
    currency: 'USD',
    cards: 2,
    ownCards: 0,
    cardsBoughtBefore: 0,
    cardsSold: 2,
    amount: 99,
    paidFromCredit: 74,
    amountDue: 25,
  }]);
  assert.deepEqual(
    answer.body.lines.map(({ kind, quantity, amount, payment }: Record<string, unknown>) => [
      kind,
      quantity,
      amount,
      payment,
    ]),
    [['card', 1, 25, 'credit'], ['card', 1, 25, 'invoice'], ['sale', 2, 49, 'credit']],
  );
  assert.deepEqual(answer.body.credit, [{
    currency: 'USD',
    opening: 0,
    allocated: 100,
    passedOn: 0,
    charged: 74,
    reversed: 0,
    closing: 26,
  }]);
  assert.doesNotMatch(answer.text, /cost|margin/i);

  const { data } = await client.from('billing_statements').select('amount, paid_from_credit, amount_due');
  assert.deepEqual(data, [{ amount: 99, paid_from_credit: 74, amount_due: 25 }]);
});

Deno.test('billing-statement: as a file → no name is a formula', async () => {
  const { clientId, campaignId } = await billed();
  await sql`update public.campaigns set campaign_name = '=cmd|calc' where id = ${campaignId}`;
  for (const [body, headers] of [[{ format: 'csv' }, {}], [{}, { accept: 'text/csv' }]] as const) {
    const answer = await call('billing-statement', { clientId, month, ...body }, { headers });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.headers.get('content-type')!, /^text\/csv/);
    assert.match(answer.headers.get('content-disposition')!, new RegExp(`statement_${month}.csv`));
    const [header, first, ...rest] = answer.text.split('\r\n');
    assert.equal(
      header,
      'month,clientName,kind,campaignName,brand,denomination,currency,quantity,unitPrice,amount,payment,credit',
    );
    assert.match(
      first,
      new RegExp(`^${month},Client,card,'=cmd\\|calc,Brand [^,]+,25\\.00,USD,1,25\\.00,25\\.00,credit,$`),
    );
    assert.deepEqual(rest.slice(2).filter(Boolean), [
      `${month},Client,credit_opening,,,,USD,,,,,0.00`,
      `${month},Client,credit_allocated,,,,USD,,,,,100.00`,
      `${month},Client,credit_passed_on,,,,USD,,,,,0.00`,
      `${month},Client,credit_charged,,,,USD,,,,,-74.00`,
      `${month},Client,credit_reversed,,,,USD,,,,,0.00`,
      `${month},Client,credit_closing,,,,USD,,,,,26.00`,
    ]);
  }
});

Deno.test("billing-statement: an agency → its own and its clients' statements; another's → refused", async () => {
  const promised = await billed();
  const { clientId, campaignId } = promised;
  const [{ agencyId }] = await sql`select agency_id as "agencyId" from public.clients where id = ${clientId}`;
  await sql`update public.campaigns set billing_entity = 'agency' where id = ${campaignId}`;
  const agency = await signUpAs('agency_admin', clientId);
  for (const body of [{ clientId }, { agencyId }]) {
    assertDone(await call('billing-statement', { ...body, month }, { token: agency.token }));
  }
  const client = await signUpAs('client_admin', clientId);
  assertRefused(await call('billing-statement', { agencyId, month }, { token: client.token }), 'RB-404');
  const stranger = await signUpAs('agency_admin', (await promise({ cards: 0 })).clientId);
  for (const body of [{ clientId }, { agencyId }]) {
    assertRefused(await call('billing-statement', { ...body, month }, { token: stranger.token }), 'RB-404');
  }
  const agent = await signUpAs('call_agent', clientId);
  assertRefused(await call('billing-statement', { clientId, month }, { token: agent.token }), 'RB-403');
});

Deno.test('billing-statement: not exactly one client or agency, or no month → refused', async () => {
  const { clientId } = await promise({ cards: 0 });
  for (
    const body of [{ month }, { clientId }, { clientId, agencyId: clientId, month }, { clientId, month: '2026-13' }]
  ) {
    assertRefused(await call('billing-statement', body), 'GC-012');
  }
});

Deno.test("credit: an agency allocates → its client's cards are paid until GC-006", async () => {
  const promised = await promise({ cards: 3, recipients: 3 });
  const { clientId, recipients } = promised;
  const [{ agencyId }] = await sql`select agency_id as "agencyId" from public.clients where id = ${clientId}`;
  const platform = await signUpAs('platform_admin');
  const agency = await signUpAs('agency_admin', clientId);
  const given = await platform.client.rpc('allocate_credit', { amount: 60, agency_id: agencyId });
  assert.equal(given.error, null);
  const terms = await agency.client.rpc('update_billing_terms', { client_id: clientId, is_prepaid: true });
  assert.equal(terms.error, null);
  const passedOn = await agency.client.rpc('allocate_credit', { amount: 50, client_id: clientId });
  assert.equal(passedOn.error, null);
  const tooMuch = await agency.client.rpc('allocate_credit', { amount: 10.01, client_id: clientId });
  assert.deepEqual([tooMuch.error?.code, tooMuch.error?.message], ['GC006', 'Insufficient credits']);

  const client = await signUpAs('client_admin', clientId);
  const left = async () => (await client.client.from('wallet_balances').select('available')).data;
  assertDone(await provision({ ...promised, recipient: recipients[0] }));
  assert.deepEqual(await left(), [{ available: 25 }]);
  assertDone(await provision({ ...promised, recipient: recipients[1] }));
  assertRefused(await provision({ ...promised, recipient: recipients[2] }), 'GC-006');
  assert.deepEqual(await left(), [{ available: 0 }]);
  const back = await client.client.rpc('return_credit', { amount: 1, client_id: clientId });
  assert.equal(back.error?.code, 'RB403');
});

Deno.test('prices: set by platform, agency and client → each card is billed accordingly', async () => {
  const promised = await promise({ cards: 4, recipients: 4 });
  const { clientId, brandId, recipients } = promised;
  const [{ agencyId }] = await sql`select agency_id as "agencyId" from public.clients where id = ${clientId}`;
  const platform = await signUpAs('platform_admin');
  const agency = await signUpAs('agency_admin', clientId);
  const brand = { brand_id: brandId, denomination: 25 };
  const steps = [
    [24.5, () => platform.client.rpc('update_denomination', { ...brand, cost: 23.5, price: 24.5 })],
    [
      26.95,
      () => agency.client.rpc('update_agency_brand', { agency_id: agencyId, brand_id: brandId, markup_percentage: 10 }),
    ],
    [25.4, () => agency.client.rpc('update_client_price', { client_id: clientId, ...brand, custom_price: 25.4 })],
  ] as const;
  for (const [index, [price, step]] of steps.entries()) {
    assert.equal((await step()).error, null);
    const { body } = await provision({ ...promised, recipient: recipients[index] });
    assert.equal(body.billing.price, price);
  }
  const dropped = await agency.client.rpc('update_agency_brand', {
    agency_id: agencyId,
    brand_id: brandId,
    is_enabled: false,
  });
  assert.equal(dropped.error, null);
  assertRefused(await provision({ ...promised, recipient: recipients[3] }), 'GC-002');
});

Deno.test('prices: each level → reads its own, never those of the level above', async () => {
  const promised = await promise({ cards: 3, recipients: 3 });
  const { clientId, brandId, campaignId, recipients } = promised;
  const [{ agencyId }] = await sql`select agency_id as "agencyId" from public.clients where id = ${clientId}`;
  await sql`update public.brand_denominations set price = 24.1 where brand_id = ${brandId}`;
  const agency = await signUpAs('agency_admin', clientId);
  const markup = { agency_id: agencyId, brand_id: brandId, markup_percentage: 10 };
  assert.equal((await agency.client.rpc('update_agency_brand', markup)).error, null);
  const client = await signUpAs('client_admin', clientId);
  const pays = await client.client.rpc('list_card_offers', { client_id: clientId }).eq('brand_id', brandId);
  assert.deepEqual(pays.data?.map(({ price }: { price: number }) => price), [26.51]);
  assert.equal((await client.client.rpc('list_agency_offers', { agency_id: agencyId })).error?.code, 'RB404');
  const offers = await agency.client.rpc('list_agency_offers', { agency_id: agencyId }).eq('brand_id', brandId);
  assert.deepEqual(
    offers.data?.map((offer: Record<string, unknown>) => [offer.price, offer.markup_percentage, offer.client_price]),
    [[24.1, 10, 26.51]],
  );

  assert.equal((await redeem(recipients[0].token)).body.billing, null);
  const own = await provision({ ...promised, recipient: recipients[1] }, {}, { token: client.token });
  assert.equal(own.body.billing.price, 26.51);
  // that its agency pays is not the client's to say
  const billed = { campaign_id: campaignId, billing_entity: 'agency' };
  assert.equal((await client.client.rpc('update_campaign_billing', billed)).error?.code, 'RB403');
  assert.equal((await agency.client.rpc('update_campaign_billing', billed)).error, null);
  const agencys = await provision({ ...promised, recipient: recipients[2] }, {}, { token: client.token });
  assert.equal(agencys.body.billing, null);
  const [{ price }] = await sql`
    select price from public.billing_transactions where gift_card_id = ${agencys.body.giftCard.id}`;
  assert.equal(price, 24.1);
});
