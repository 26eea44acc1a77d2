import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { deliveryIs, forgetDebts, provision, redeem, traceOf } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise, type Recipient, stock } from '../../support/promise.ts';
import { messagesTo } from '../../support/sandbox.ts';
import { creditOf, giveCredit } from '../../support/sales.ts';
import { stack } from '../../support/stack.ts';
import {
  atCounter,
  failAt,
  hurry,
  hurryDebts,
  mend,
  sell,
  type Sold,
  soldBy,
  stopSelling,
} from '../../support/suppliers.ts';

/** A tenant without stock whose brand is sold by suppliers of its own. */
async function unstocked(sale: Parameters<typeof sell>[1] = {}, recipients = 1) {
  const promised = await promise({ cards: 0, recipients });
  return { ...promised, ...await sell(promised.brandId, sale) };
}

Deno.test('purchase: a brand with security codes and serial numbers → the code is the PIN, and both are shown', async () => {
  const { recipient, brandCode, supplier } = await unstocked();
  await atCounter(stack, supplier, 'brands', { slug: brandCode, hasSecurityCode: true });
  const { body } = await redeem(recipient.token);
  const [{ code, pin, reference }] = await soldBy(supplier, brandCode);
  assert.deepEqual([body.giftCard.code, body.giftCard.pin, body.giftCard.serialNumber], [
    code,
    pin,
    `SN-${reference.slice(0, 8)}`,
  ]);
  const [kept] = await sql`select serial_number from public.gift_cards where id = ${body.giftCard.id}`;
  assert.equal(kept.serial_number, body.giftCard.serialNumber);
});

async function purchasesOf(campaignId: string) {
  return await sql`
    select p.*, s.name as supplier from public.gift_card_purchases p join public.gift_card_suppliers s on s.id = p.supplier_id
    where p.campaign_id = ${campaignId} order by p.created_at`;
}

/** Waits until a recipient has the card. */
function isBrought({ phone }: Recipient, { code }: Sold) {
  return eventually(
    `${code} is brought`,
    async () => (await messagesTo(phone)).some(({ body }) => body.includes(code)),
  );
}

/** Waits until a campaign's only purchase has a state; what waits for its time comes at once. */
function purchaseIs(status: string, campaignId: string) {
  return eventually(`the purchase is ${status}`, async () => {
    await hurry(campaignId);
    const [purchase, ...more] = await purchasesOf(campaignId);
    assert.equal(more.length, 0);
    return purchase.status === status && purchase;
  });
}

/** Makes what is still open a day old, and due. */
async function aDayPasses(campaignId: string): Promise<void> {
  await sql`
    update public.gift_card_purchases set created_at = now() - interval '25 hours', next_attempt_at = now()
    where campaign_id = ${campaignId}`;
}

Deno.test('supplier purchase: no stock → bought, billed with its cost, shown and sent', async () => {
  const promised = await unstocked();
  const { campaignId, recipient, brandCode, supplier } = promised;
  const answer = await provision(promised, { deliveryMethod: 'sms' });
  assertDone(answer);
  const { giftCard, source, billing, delivery } = answer.body;
  const [sold, ...more] = await soldBy(supplier, brandCode);
  assert.equal(more.length, 0);
  assert.deepEqual([source, giftCard.code, giftCard.pin], [supplier, sold.code, sold.pin]);
  const { denomination, codeLast4, expiresAt } = giftCard;
  assert.deepEqual([denomination, codeLast4, expiresAt.slice(0, 10)], [25, sold.code.slice(-4), '2036-01-01']);
  await deliveryIs('delivered', delivery.id);
  await isBrought(recipient, sold);

  const [bill] = await sql`select * from public.billing_transactions where id = ${billing.id}`;
  assert.deepEqual([bill.source, bill.cost_basis, bill.price, bill.gift_card_id], [supplier, 23.5, 25, giftCard.id]);
  const [purchase] = await purchasesOf(campaignId);
  assert.deepEqual([purchase.status, purchase.client_request_id, purchase.gift_card_id, purchase.supplier_reference], [
    'issued',
    sold.clientRequestId,
    giftCard.id,
    sold.reference,
  ]);
  const steps = (await traceOf(answer.body.requestId)).map(({ step_name, status }) => `${step_name} ${status}`);
  assert.ok(steps.includes('Receive card completed'), String(steps));
});

Deno.test('supplier purchase: stock is available → nothing is bought', async () => {
  const promised = await unstocked({}, 2);
  await stock(promised.poolId, 1);
  assert.equal((await provision(promised)).body.source, 'inventory');
  assert.equal((await provision({ ...promised, recipient: promised.recipients[1] })).body.source, promised.supplier);
  assert.equal((await soldBy(promised.supplier, promised.brandCode)).length, 1);
});

Deno.test('supplier purchase: web form and call center → bought cards like any other', async () => {
  const promised = await unstocked({}, 2);
  const { campaignId, clientId, recipients: [visitor, caller], brandCode, supplier } = promised;
  const form = await redeem(visitor.token);
  assertDone(form);
  const agent = await signUpAs('call_agent', clientId);
  const body = { recipientId: caller.id, conditionNumber: 1, deliveryMethod: 'sms' };
  const phone = await call('provision-gift-card-for-call-center', body, { token: agent.token });
  assertDone(phone);
  assert.equal(phone.body.giftCard.code, undefined);
  assert.deepEqual([form.body.source, phone.body.source], [supplier, supplier]);
  const [first, second] = await soldBy(supplier, brandCode);
  assert.equal(form.body.giftCard.code, first.code);
  await isBrought(caller, second);
  const [met] = await sql`select gift_card_id from public.call_conditions_met where campaign_id = ${campaignId}`;
  assert.equal(met.gift_card_id, phone.body.giftCard.id);
});

Deno.test('supplier purchase: the same Idempotency-Key → the same card, nothing more is bought', async () => {
  const promised = await unstocked();
  const idempotencyKey = crypto.randomUUID();
  const first = await provision(promised, {}, { idempotencyKey });
  const again = await provision(promised, {}, { idempotencyKey });
  assertDone(again);
  assert.deepEqual(again.body.giftCard, first.body.giftCard);
  assertRefused(await provision(promised), 'GC-010');
  assert.equal((await soldBy(promised.supplier, promised.brandCode)).length, 1);
});

Deno.test('supplier purchase: a link instead of a code → sealed, shown to its recipient', async () => {
  const promised = await unstocked({ deliveryMethod: 'url' });
  const { body: { giftCard } } = await provision(promised);
  const [sold] = await soldBy(promised.supplier, promised.brandCode);
  assert.equal(giftCard.code, `https://cards.example/${sold.code}`);
});

Deno.test('supplier purchase: no credentials → GC-004 and a pending reward', async () => {
  const promised = await unstocked({ suppliers: [`nobody_${crypto.randomUUID().replaceAll('-', '')}`] });
  const refusal = assertRefused(await provision(promised), 'GC-004');
  assert.equal((await traceOf(refusal.requestId)).at(-1)?.error_code, 'GC-004');
  const pending = await sql`select status from public.pending_rewards where campaign_id = ${promised.campaignId}`;
  assert.deepEqual(pending.map(({ status }) => status), ['awaiting_inventory']);
});

for (const code of ['072', '434', '704', '713']) {
  Deno.test(`supplier purchase: Tillo's final ${code} → GC-005, the code in the trace only`, async () => {
    const promised = await unstocked();
    await failAt(promised.supplier, promised.brandCode, code, { times: 1000 });
    const answer = await provision(promised);
    const { requestId } = assertRefused(answer, 'GC-005');
    assert.doesNotMatch(answer.text, new RegExp(`"${code}"|tillo_code|supplier`, 'i'));
    const [trace] = await sql`
      select tillo_code from public.gift_card_provisioning_trace where request_id = ${requestId} and status = 'failed'`;
    assert.equal(trace.tillo_code, code);
    const [purchase] = await purchasesOf(promised.campaignId);
    assert.equal(purchase.status, 'declined');
    assert.deepEqual(await soldBy(promised.supplier, promised.brandCode), []);
    const pending = await sql`select status from public.pending_rewards where campaign_id = ${promised.campaignId}`;
    assert.deepEqual(pending.map(({ status }) => status), ['awaiting_inventory']);
  });
}

for (const code of ['610', '615', '725']) {
  Deno.test(`supplier purchase: Tillo's ${code}, a shortage of the platform → an alert and a pending reward, not GC-006`, async () => {
    const promised = await unstocked();
    const { brandCode, brandId, campaignId, recipient, supplier } = promised;
    await failAt(supplier, brandCode, code, { times: 1000 });
    assertRefused(await provision(promised, { deliveryMethod: 'sms' }), 'GC-005');
    const alerts = await sql`
      select client_id, severity, metadata ->> 'code' as code from public.system_alerts
      where alert_type = 'supplier_float_short' and subject like ${`%${brandId}`}`;
    assert.deepEqual(alerts.map((alert) => ({ ...alert })), [{ client_id: null, severity: 'critical', code }]);

    // The money is back: the job buys what is owed, and brings it.
    await mend(brandCode);
    const [sold] = await eventually('it is bought', async () => {
      await hurryDebts(campaignId);
      const cards = await soldBy(supplier, brandCode);
      return cards.length > 0 && cards;
    });
    await isBrought(recipient, sold);
    const [{ status }] = await sql`select status from public.pending_rewards where campaign_id = ${campaignId}`;
    assert.equal(status, 'fulfilled');
  });
}

Deno.test('supplier purchase: the first supplier is short → the second, with an id of its own', async () => {
  const promised = await unstocked({ suppliers: 2 });
  const [first, second] = promised.suppliers;
  await failAt(first, promised.brandCode, '610');
  const answer = await provision(promised);
  assertDone(answer);
  assert.equal(answer.body.source, second);
  const [sold] = await soldBy(second, promised.brandCode);
  assert.equal(answer.body.giftCard.code, sold.code);
  assert.deepEqual(await soldBy(first, promised.brandCode), []);
  const purchases = await purchasesOf(promised.campaignId);
  assert.deepEqual(purchases.map(({ supplier, status }) => [supplier, status]), [
    [first, 'declined'],
    [second, 'issued'],
  ]);
  assert.notEqual(purchases[0].client_request_id, purchases[1].client_request_id);
});

Deno.test('supplier purchase: repeated failures → the supplier is paused, the other sells', async () => {
  const promised = await unstocked({ suppliers: 2 }, 7);
  const { brandCode, recipients, brandId, suppliers: [broken, sound] } = promised;
  await failAt(broken, brandCode, '610', { times: 1000 });
  const answers = [];
  for (const recipient of recipients) answers.push(await provision({ ...promised, recipient }));
  assert.deepEqual(answers.map(({ body }) => body.source), recipients.map(() => sound));
  const [{ failures, is_paused }] = await sql`
    select failures, paused_until > now() as is_paused from public.gift_card_suppliers where name = ${broken}`;
  assert.deepEqual([failures, is_paused], [5, true]);
  const [{ times }] = await sql`
    select count(*) as times from public.gift_card_purchases p
    join public.gift_card_suppliers s on s.id = p.supplier_id
    where p.brand_id = ${brandId} and s.name = ${broken}`;
  assert.equal(times, 5);
});

// What leaves the outcome open, and whether Tillo had sold the card.
const SILENCES: [kind: string, isSold: boolean][] = [
  ['502', false],
  ['504_after_accepting', true],
  ['timeout_after_accepting', true],
  ['603', false],
  ['html', false],
  ['998', false],
];

for (const [kind, isSold] of SILENCES) {
  Deno.test(`supplier purchase: ${kind} → retried with the same id, one card for its recipient`, async () => {
    const promised = await unstocked();
    const { brandCode, campaignId, recipient, supplier } = promised;
    await failAt(supplier, brandCode, kind);
    const refusal = assertRefused(await provision(promised, { deliveryMethod: 'sms' }), 'GC-005');
    assert.equal(refusal.pending, true);
    assert.ok((await soldBy(supplier, brandCode)).length >= Number(isSold));
    const purchase = await purchaseIs('issued', campaignId);
    const [sold, ...more] = await soldBy(supplier, brandCode);
    assert.equal(more.length, 0);
    assert.equal(sold.clientRequestId, purchase.client_request_id);
    await isBrought(recipient, sold);
    const bills = await sql`select source from public.billing_transactions where campaign_id = ${campaignId}`;
    assert.deepEqual(bills.map(({ source }) => source), [supplier]);
    assertRefused(await provision(promised), 'GC-010');
  });
}

Deno.test('supplier purchase: unknown outcome → no other supplier is called, GC-005 pending', async () => {
  const promised = await unstocked({ suppliers: 2 });
  const { brandCode, campaignId, suppliers: [first, second] } = promised;
  await failAt(first, brandCode, '504', { times: 1000 });
  for (let time = 0; time < 3; time++) {
    assert.equal(assertRefused(await provision(promised), 'GC-005').pending, true);
  }
  await mend(brandCode);
  await purchaseIs('issued', campaignId);
  assert.deepEqual([(await soldBy(first, brandCode)).length, (await soldBy(second, brandCode)).length], [1, 0]);
});

Deno.test('supplier purchase: a brand with delayed cards → ordered, polled, delivered', async () => {
  const promised = await unstocked({ isAsync: true });
  const { brandCode, campaignId, recipient, supplier } = promised;
  const refusal = assertRefused(await provision(promised, { deliveryMethod: 'sms' }), 'GC-005');
  assert.equal(refusal.pending, true);
  const purchase = await purchaseIs('issued', campaignId);
  const [sold] = await soldBy(supplier, brandCode);
  assert.deepEqual([purchase.client_request_id, purchase.supplier_reference], [sold.clientRequestId, sold.reference]);
  await isBrought(recipient, sold);
});

Deno.test('supplier purchase: a delayed order fails → nothing bought, a pending reward', async () => {
  const promised = await unstocked({ isAsync: true });
  const { brandCode, brandId, campaignId, supplier } = promised;
  await failAt(supplier, brandCode, 'order_error');
  assertRefused(await provision(promised), 'GC-005');
  await stopSelling(brandId);
  await purchaseIs('declined', campaignId);
  assert.deepEqual(await soldBy(supplier, brandCode), []);
  const bills = await sql`select id from public.billing_transactions where campaign_id = ${campaignId}`;
  assert.equal(bills.length, 0);
  const [{ status }] = await sql`select status from public.pending_rewards where campaign_id = ${campaignId}`;
  assert.equal(status, 'awaiting_inventory');
});

Deno.test('supplier purchase: a prepaid client → pays; short of credit → pending, fulfilled after a top-up', async () => {
  const promised = await unstocked({}, 3);
  const { brandCode, campaignId, clientId, recipients, supplier } = promised;
  const ask = (recipient: Recipient) => provision({ campaignId, recipient }, { deliveryMethod: 'sms' });
  await giveCredit(clientId, 60);
  await failAt(supplier, brandCode, '072', { times: 1000 });
  assertRefused(await ask(recipients[0]), 'GC-005');
  assert.equal(await creditOf(clientId), 60);
  await forgetDebts(campaignId);
  await mend(brandCode);
  assertDone(await ask(recipients[0]));
  assertDone(await ask(recipients[1]));
  assert.equal(await creditOf(clientId), 10);
  assertRefused(await ask(recipients[2]), 'GC-006');
  await giveCredit(clientId, 15);
  await eventually('the third card is bought and paid', async () => {
    await hurryDebts(campaignId);
    return (await soldBy(supplier, brandCode)).length === 3 && (await creditOf(clientId)) === 0;
  });
});

Deno.test('supplier purchase: a card of another value → reversed, never claimed', async () => {
  const promised = await unstocked();
  const { brandCode, brandId, campaignId, supplier } = promised;
  await failAt(supplier, brandCode, 'wrong_value');
  assertRefused(await provision(promised), 'GC-005');
  await stopSelling(brandId);
  const [sold] = await soldBy(supplier, brandCode);
  assert.equal(sold.amount, '50.00');
  const [{ supplier_code: supplierCode }] = await purchasesOf(campaignId);
  assert.equal(supplierCode, 'another_value');
  // A second look-up finds the same card; a day later it is reversed.
  await aDayPasses(campaignId);
  await purchaseIs('reversed', campaignId);
  assert.deepEqual(await soldBy(supplier, brandCode), []);
  const cards = await sql`select id from public.gift_cards where recipient_id = ${promised.recipient.id}`;
  assert.equal(cards.length, 0);
  const bills = await sql`select id from public.billing_transactions where campaign_id = ${campaignId}`;
  assert.equal(bills.length, 0);
});

Deno.test('supplier purchase: a payment card number → reversed, never stored, a pending reward', async () => {
  const promised = await unstocked();
  const { brandCode, campaignId, supplier } = promised;
  await failAt(supplier, brandCode, 'payment_card', { times: 1000 });
  const answer = await provision(promised);
  assertRefused(answer, 'GC-005');
  assert.doesNotMatch(answer.text, /4111/);
  assert.deepEqual(await soldBy(supplier, brandCode), []);
  const [purchase] = await purchasesOf(campaignId);
  assert.equal(purchase.status, 'declined');
  assert.match(purchase.supplier_message, /payment card numbers are never stored; it was given back/);
});

Deno.test('supplier purchase: unconfirmed for a day → reversed, the reward is pending again', async () => {
  const promised = await unstocked();
  const { brandCode, brandId, campaignId, supplier } = promised;
  await failAt(supplier, brandCode, '504_after_accepting', { times: 1000 });
  assertRefused(await provision(promised), 'GC-005');
  assert.equal((await soldBy(supplier, brandCode)).length, 1);
  await stopSelling(brandId);
  await aDayPasses(campaignId);
  await purchaseIs('reversed', campaignId);
  assert.deepEqual(await soldBy(supplier, brandCode), []);
  const [{ status }] = await sql`select status from public.pending_rewards where campaign_id = ${campaignId}`;
  assert.equal(status, 'awaiting_inventory');
});

Deno.test('supplier purchase: the float → charged for kept cards only', async () => {
  const promised = await unstocked();
  const { supplier } = promised;
  const float = async () => (await (await fetch(`${stack.sandboxUrl}/_suppliers/${supplier}/floats`)).json()).USD;
  await atCounter(stack, supplier, 'floats', { currency: 'USD', amount: 5000 });
  assertDone(await provision(promised));
  assert.equal(await float(), 4976.5);
});

Deno.test('check-supplier: a server → floats, brands and stock; others → refused', async () => {
  const promised = await unstocked({ isAsync: true });
  const { supplier } = promised;
  const look = async (body: Record<string, unknown>) => {
    const answer = await call('check-supplier', { supplier, ...body });
    assertDone(answer);
    return answer.body;
  };
  const { floats } = await look({ show: 'floats', currency: 'USD' });
  assert.deepEqual([floats[0].name, floats[0].currency], ['universal-float', 'USD']);
  assert.match(floats[0].available, /^\d+(\.\d+)?$/);
  const { brands } = await look({ show: 'brands', brandCode: promised.brandCode });
  assert.deepEqual([brands[0].brandCode, brands[0].isAsynchronous], [promised.brandCode, true]);
  await atCounter(stack, supplier, 'brands', { slug: promised.brandCode, stock: { '25.00': 3 } });
  const { stock: left } = await look({ show: 'stock', brandCode: promised.brandCode });
  assert.deepEqual(left, [{ brandCode: promised.brandCode, denomination: '25.00', available: 3 }]);

  assertRefused(await call('check-supplier', { supplier: 'nobody', show: 'floats' }), 'GC-012');
  assertRefused(await call('check-supplier', { supplier, adapter: 'email', show: 'floats' }), 'GC-012');
  await failAt(supplier, `brands:${promised.brandCode}`, '600');
  const failing = { supplier, show: 'brands', brandCode: promised.brandCode };
  assertRefused(await call('check-supplier', failing), 'GC-005');
  const admin = await signUpAs('platform_admin');
  assertRefused(await call('check-supplier', failing, { token: admin.token }), 'RB-401');
});
