import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { stack } from '../../support/stack.ts';
import {
  assertBooksAgree,
  bank,
  begin,
  intentsOf,
  noticeOf,
  openShop,
  packagesOf,
  purchase,
  purchaseIs,
  walletOf,
} from '../../support/shop.ts';
import { addVoucher } from '../../support/vouchers.ts';

Deno.test('purchase-package: preview → packages on sale, balance and price', async () => {
  const shop = await openShop({ price: 49, bizcoins: 30 });
  const { data: shelf } = await shop.customer.client.from('packages').select('id, name, price, currency, messages');
  assert.deepEqual(shelf, [{ id: shop.packageId, name: 'Starter', price: 49, currency: 'USD', messages: 100 }]);
  const preview = await purchase(shop, { preview: true, bizcoins: 20 });
  assertDone(preview);
  const { price, discount, bizcoinsAvailable, mostBizcoins, bizcoins, bizcoinAmount, finalAmount } = preview.body;
  assert.deepEqual([price, discount, bizcoinsAvailable, mostBizcoins], [49, 0, 30, 30]);
  assert.deepEqual([bizcoins, bizcoinAmount, finalAmount], [20, 20, 29]);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 }, 'a preview holds nothing');
});

Deno.test('purchase-package: bizcoins and a card → an active package', async () => {
  const shop = await openShop({ price: 49, bizcoins: 30, messages: 70 });
  const answer = await purchase(shop, { bizcoins: 30 });
  assertDone(answer);
  const { purchaseId, status, finalAmount, clientSecret } = answer.body;
  assert.deepEqual([status, finalAmount], ['awaiting_payment', 19]);
  const [intent, ...others] = await intentsOf(shop);
  assert.deepEqual(others, []);
  assert.deepEqual([intent.amount, intent.currency, intent.metadata.purchase_id], [1900, 'usd', purchaseId]);
  assert.equal(clientSecret, intent.client_secret, 'the browser pays with it');
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 30 }, 'held, not spent');

  await bank('succeed', intent.id);
  await purchaseIs('completed', purchaseId);
  assert.deepEqual(await walletOf(shop), { balance: 0, held: 0 });
  const [given] = await packagesOf(shop);
  assert.deepEqual([given.status, given.purchase_id, given.messages_limit], ['active', purchaseId, 70]);

  const { data: mine } = await shop.customer.client.from('customer_packages').select(
    'status, messages_limit, messages_used',
  );
  assert.deepEqual(mine, [{ status: 'active', messages_limit: 70, messages_used: 0 }], 'the customer sees it');
  const { data: history } = await shop.customer.client.from('bizpoints_transactions')
    .select('transaction_type, amount, balance_after').order('id');
  assert.deepEqual(history?.at(-1), { transaction_type: 'package_purchase', amount: -30, balance_after: 0 });
  assert.match((await noticeOf(purchaseId, 'purchase_completed')).subject!, /Starter is active/);
  await assertBooksAgree();
});

Deno.test('purchase-package: a percentage voucher → off the price, before the bizcoins', async () => {
  const shop = await openShop({ price: 49, bizcoins: 30 });
  const { code } = await addVoucher(shop.clientId, { type: 'percentage', value: 10 });
  assertDone(await call('redeem-voucher', { code, clientId: shop.clientId }, { token: shop.customer.token }));
  const { body: preview } = await purchase(shop, { preview: true, bizcoins: 20 });
  assert.deepEqual([preview.discount, preview.bizcoinAmount, preview.finalAmount], [4.9, 20, 24.1]);
  const { body } = await purchase(shop, { bizcoins: 20 });
  const [{ id, amount }] = await intentsOf(shop);
  assert.deepEqual([body.discount, body.finalAmount, amount], [4.9, 24.1, 2410]);
  await bank('succeed', id);
  await purchaseIs('completed', body.purchaseId);
  const { data: usage } = await shop.customer.client.from('voucher_usage').select('discount_amount');
  assert.deepEqual(usage, [{ discount_amount: 4.9 }], 'the history shows the saving');
  assert.equal((await purchase(shop, { preview: true })).body.discount, 0, 'once');
});

Deno.test('purchase-package: a discount leaves less than the minimum charge → it can be kept', async () => {
  const shop = await openShop({ price: 5, bizcoins: 0 });
  const { code } = await addVoucher(shop.clientId, { type: 'percentage', value: 95 });
  assertDone(await call('redeem-voucher', { code }, { token: shop.customer.token }));
  const small = assertRefused(await purchase(shop), 'VC-023');
  assert.deepEqual([small.finalAmount, small.workingBizcoins, small.amountWithoutDiscount], [0.25, [], 5]);
  const { body: preview } = await purchase(shop, { preview: true, useDiscount: false });
  assert.deepEqual([preview.discount, preview.finalAmount], [0, 5]);
  assertDone(await purchase(shop, { useDiscount: false }));
  assert.deepEqual((await intentsOf(shop)).map(({ amount }) => amount), [500]);
  const { data: kept } = await shop.customer.client.from('voucher_entitlements').select('status');
  assert.deepEqual(kept, [{ status: 'available' }]);
});

Deno.test('purchase-package: bizcoins alone → active at once, without the processor', async () => {
  const shop = await openShop({ price: 49, bizcoins: 60 });
  const answer = await purchase(shop, { bizcoins: 49 });
  assertDone(answer);
  assert.deepEqual([answer.body.status, answer.body.finalAmount], ['completed', 0]);
  assert.equal(answer.body.customerPackage.status, 'active');
  assert.equal('clientSecret' in answer.body, false);
  assert.deepEqual(await intentsOf(shop), []);
  assert.deepEqual(await walletOf(shop), { balance: 11, held: 0 });
  assert.equal((await packagesOf(shop)).length, 1);
  const again = await purchase(shop, { bizcoins: 49 });
  assert.equal(again.body.purchaseId, answer.body.purchaseId, 'a second click buys nothing more');
});

Deno.test('purchase-package: no bizcoins → the whole price is charged', async () => {
  const shop = await openShop({ price: 500, bizcoins: 0, currency: 'JPY' });
  const purchaseId = await begin(shop);
  const [{ id, amount, currency }] = await intentsOf(shop);
  assert.deepEqual([amount, currency], [500, 'jpy'], 'yen have no cents');
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
});

Deno.test('purchase-package: a repetition → the same purchase and payment', async () => {
  const shop = await openShop();
  const first = await purchase(shop, { bizcoins: 30 });
  const second = await purchase(shop, { bizcoins: 30 });
  const byId = await call('purchase-package', { purchaseId: first.body.purchaseId }, { token: shop.customer.token });
  assert.deepEqual([second.body.purchaseId, byId.body.purchaseId], [first.body.purchaseId, first.body.purchaseId]);
  assert.deepEqual([second.body.clientSecret, byId.body.clientSecret], [
    first.body.clientSecret,
    first.body.clientSecret,
  ]);
  assert.equal((await intentsOf(shop)).length, 1);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 30 });
  assert.equal(assertRefused(await purchase(shop, { bizcoins: 10 }), 'VC-025').purchaseId, first.body.purchaseId);
});

Deno.test('purchase-package: two Idempotency-Keys → two purchases; a repeated one → one', async () => {
  const shop = await openShop({ price: 10, bizcoins: 30 });
  const [one, same] = [await purchase(shop, { bizcoins: 10 }, 'k1'), await purchase(shop, { bizcoins: 10 }, 'k1')];
  const two = await purchase(shop, { bizcoins: 10 }, 'k2');
  assert.equal(one.body.purchaseId, same.body.purchaseId);
  assert.notEqual(one.body.purchaseId, two.body.purchaseId);
  assert.deepEqual(await walletOf(shop), { balance: 10, held: 0 });
  assertRefused(await purchase(shop, { bizcoins: 9 }, 'k1'), 'RB-409');
});

Deno.test('purchase-package: too few or too many bizcoins, a remainder below the minimum → refused with what is possible', async () => {
  const shop = await openShop({ price: 49.3, bizcoins: 50 });
  const insufficient = assertRefused(await purchase(shop, { bizcoins: 51 }), 'WL-001');
  assert.deepEqual([insufficient.balance, insufficient.needed, insufficient.mostBizcoins], [50, 51, 50]);
  const small = assertRefused(await purchase(shop, { bizcoins: 49 }), 'VC-023');
  assert.deepEqual([small.finalAmount, small.minimum, small.workingBizcoins], [0.3, 0.5, [48, 50]]);
  const rich = await openShop({ price: 10, bizcoins: 50 });
  assert.equal(assertRefused(await purchase(rich, { bizcoins: 11 }), 'VC-024').mostBizcoins, 10);
  assert.deepEqual(await intentsOf(shop), [], 'no payment was created');
  assert.deepEqual(await walletOf(shop), { balance: 50, held: 0 });
  for (const bizcoins of small.workingBizcoins) {
    const { body } = await purchase(shop, { bizcoins, preview: true });
    assert.equal(body.bizcoins, bizcoins, 'each suggestion works');
  }
});

Deno.test("purchase-package: another client's customer, an inactive package → refused", async () => {
  const shop = await openShop();
  const stranger = await openShop();
  assertRefused(await purchase({ ...stranger, packageId: shop.packageId }), 'RB-404');
  const agent = await signUpAs('call_agent', shop.clientId);
  assertRefused(await purchase({ ...shop, customer: agent }), 'RB-404');
  assertRefused(await call('purchase-package', { packageId: shop.packageId }, { key: null }), 'RB-401');
  const admin = await signUpAs('client_admin', shop.clientId);
  const { error } = await admin.client.rpc('archive_package', { package_id: shop.packageId });
  assert.equal(error, null);
  assertRefused(await purchase(shop), 'VC-022');
  const { data } = await shop.customer.client.from('packages').select('id');
  assert.deepEqual(data, []);
});

Deno.test('use-messages: several packages → the oldest first, never more than there are', async () => {
  const shop = await openShop({ price: 10, bizcoins: 20, messages: 5 });
  await purchase(shop, { bizcoins: 10 }, 'k1');
  await purchase(shop, { bizcoins: 10 }, 'k2');
  const use = (howMany: number) =>
    call('use-messages', { clientId: shop.clientId, howMany }, { token: shop.customer.token });
  assertDone(await use(7));
  const used = async () => (await packagesOf(shop)).map(({ messages_used }) => messages_used);
  assert.deepEqual(await used(), [5, 2]);
  const refused = assertRefused(await use(4), 'VC-020');
  assert.deepEqual([refused.left, refused.needed], [3, 4]);
  const server = await call('use-messages', { clientId: shop.clientId, customerId: shop.customer.id, howMany: 3 });
  assertDone(server);
  assert.deepEqual(await used(), [5, 5]);
  assertRefused(await call('use-messages', { clientId: shop.clientId }), 'RB-400');
  const { token } = (await openShop()).customer;
  assertRefused(
    await call('use-messages', { clientId: shop.clientId, customerId: shop.customer.id }, { token }),
    'RB-404',
  );
});

Deno.test('purchase-package: the price has changed since the preview → VC-031 with the new quote', async () => {
  const shop = await openShop({ price: 50, bizcoins: 30 });
  const preview = await purchase(shop, { bizcoins: 30, preview: true });
  assert.equal(preview.body.finalAmount, 20);
  await sql`update public.packages set price = 60 where id = ${shop.packageId}`;
  const refused = assertRefused(await purchase(shop, { bizcoins: 30, expectedFinalAmount: 20 }), 'VC-031');
  assert.deepEqual([refused.finalAmount, refused.price, refused.expectedFinalAmount], [30, 60, 20]);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
  const begun = await purchase(shop, { bizcoins: 30, expectedFinalAmount: refused.finalAmount });
  assertDone(begun);
  assert.deepEqual([begun.body.finalAmount, begun.body.nextStep], [30, 'continue']);
  for (const expectedFinalAmount of [-1, 20.005, '1e3', 'NaN']) {
    const { fields: [problem] } = assertRefused(await purchase(shop, { bizcoins: 30, expectedFinalAmount }), 'RB-400');
    assert.equal(problem.field, 'expectedFinalAmount');
  }
  await sql`update public.packages set price = 45 where id = ${shop.packageId}`;
  const worse = assertRefused(await purchase(shop, { bizcoins: 30 }), 'VC-025');
  assert.deepEqual([worse.finalAmount, worse.quote.finalAmount, worse.nextStep], [30, 15, 'continue']);
});

Deno.test('refund-package-purchase: a part, then the rest → to card and wallet as paid', async () => {
  const shop = await openShop({ price: 50, bizcoins: 30 });
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
  const admin = await signUpAs('client_admin', shop.clientId);
  const refund = (body: Record<string, unknown>, token = admin.token) =>
    call('refund-package-purchase', { purchaseId, ...body }, { token });

  assertRefused(await refund({}, shop.customer.token), 'RB-404');
  const part = await refund({ amount: 10, reason: 'goodwill' });
  assertDone(part);
  assert.deepEqual([part.body.status, part.body.paymentAmount, part.body.bizcoins], ['completed', 4, 6]);
  assert.deepEqual(await walletOf(shop), { balance: 6, held: 0 });
  const over = assertRefused(await refund({ bizcoins: 25 }), 'VC-027');
  assert.deepEqual([over.remainingPayment, over.remainingBizcoins], [16, 24]);
  assert.equal((await packagesOf(shop))[0].status, 'active');

  const rest = await refund({});
  assert.deepEqual([rest.body.paymentAmount, rest.body.bizcoins, rest.body.purchase.status], [16, 24, 'refunded']);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
  assert.equal((await packagesOf(shop))[0].status, 'cancelled');
  const sent = await eventually('the refunds are at the processor', async () => {
    const refunds = (await (await fetch(`${stack.sandboxUrl}/_stripe/refunds`)).json())
      .filter((one: { payment_intent: string }) => one.payment_intent === id);
    return refunds.length === 2 && refunds;
  });
  assert.deepEqual(sent.map(({ amount }: { amount: number }) => amount), [400, 1600]);
  await assertBooksAgree();
});
