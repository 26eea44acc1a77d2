import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { signUpAs } from '../../support/people.ts';
import { messageTo } from '../../support/sandbox.ts';
import { stack } from '../../support/stack.ts';
import { call } from '../../support/http.ts';
import { addClient, addPackage } from '../../support/shop.ts';
import { addVoucher, redeemVoucher, signUpCustomer, validateVoucher } from '../../support/vouchers.ts';

Deno.test('redeem-voucher: a code in any spelling → bizcoins in the wallet', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const voucher = await addVoucher(clientId);
  const { data, error } = await customer.client.functions.invoke('redeem-voucher', {
    body: { code: ` ${voucher.code.toLowerCase().replaceAll('-', ' ')} ` },
  });
  assert.equal(error, null);
  assert.equal(data.voucherId, voucher.id);
  assert.deepEqual(data.benefit, { type: 'credit', value: 50 });
  assert.deepEqual(data.balance, { bizcoins: 50, messages: 0 });

  const wallet = await call('get-wallet', {}, { token: customer.token });
  assertDone(wallet);
  assert.deepEqual(wallet.body.balances.map(({ asset, available }: Record<string, unknown>) => [asset, available]), [
    ['bizcoin', 50],
  ]);
  assert.equal(wallet.body.transactions[0].transferId, data.transferId);
});

Deno.test('redeem-voucher: history, transactions and attempts → readable by their readers', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const admin = await signUpAs('client_admin', clientId);
  const voucher = await addVoucher(clientId);
  const { body } = await redeemVoucher(customer, voucher.code);

  const history = await customer.client.from('voucher_usage')
    .select('id, voucher_id, user_id, redemption_type, benefit, discount_amount, notes, used_at');
  assert.deepEqual(history.data!.map(({ id, redemption_type }) => [id, redemption_type]), [[
    body.redemptionId,
    'credit',
  ]]);
  const bizcoins = await customer.client.from('bizpoints_transactions').select('amount, balance_after, transfer_id');
  assert.deepEqual(bizcoins.data, [{ amount: 50, balance_after: 50, transfer_id: body.transferId }]);
  assert.deepEqual((await customer.client.from('vouchers').select()).data, []);

  const attempts = await admin.client.from('voucher_redemption_attempts').select('user_id, outcome, error_code')
    .eq('request_id', body.requestId);
  assert.deepEqual(attempts.data, [{ user_id: customer.id, outcome: 'succeeded', error_code: null }]);
  const usage = await admin.client.from('voucher_usage').select('user_id').eq('voucher_id', voucher.id);
  assert.deepEqual(usage.data, [{ user_id: customer.id }]);
});

Deno.test('redeem-voucher: a redemption → an e-mail with the benefit', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const [{ email }] = await sql`select email from auth.users where id = ${customer.id}`;
  const { code } = await addVoucher(clientId, { value: 75 });
  assertDone(await redeemVoucher(customer, code));
  const message = await messageTo(email);
  assert.equal(message.subject, 'Your voucher is redeemed');
  assert.match(message.body, /75 bizcoins\. Your balance: 75 bizcoins, 0 messages/);
  assert.ok(!message.body.includes(code));
});

Deno.test('redeem-voucher: messages → added to the active package; a package → active at once', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const messages = await addVoucher(clientId, { type: 'message', value: 40 });
  assertRefused(await redeemVoucher(customer, messages.code), 'VC-012');

  const offer = await addPackage(clientId);
  const { code } = await addVoucher(clientId, { type: 'package', package_id: offer });
  const activated = await redeemVoucher(customer, code);
  assertDone(activated);
  const { customerPackage } = activated.body.benefit;
  assert.deepEqual(activated.body.balance, { bizcoins: 0, messages: 100 });

  const added = await redeemVoucher(customer, messages.code);
  assertDone(added);
  assert.deepEqual(added.body.balance, { bizcoins: 0, messages: 140 });
  const { data: [mine] } = await customer.client.from('customer_packages')
    .select('id, package_id, status, messages_limit, starts_at, expires_at') as { data: Record<string, unknown>[] };
  assert.deepEqual([mine.id, mine.package_id, mine.status, mine.messages_limit], [
    customerPackage.id,
    offer,
    'active',
    140,
  ]);
  const days = (Date.parse(mine.expires_at as string) - Date.parse(mine.starts_at as string)) / 86_400_000;
  assert.equal(Math.round(days), 30);
});

Deno.test('redeem-voucher: a percentage → a discount of its customer', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const { code } = await addVoucher(clientId, { type: 'percentage', value: 20, minimum_purchase: 30 });
  const { body } = await redeemVoucher(customer, code);
  const { entitlementId, expiresAt, ...benefit } = body.benefit;
  assert.deepEqual(benefit, { type: 'percentage', value: 20, packageId: null, minimumPurchase: 30 });
  assert.ok(Date.parse(expiresAt) > Date.now());
  const { data } = await customer.client.from('voucher_entitlements').select('id, percentage, status');
  assert.deepEqual(data, [{ id: entitlementId, percentage: 20, status: 'available' }]);
});

Deno.test('redeem-voucher: bizcoins and a discount → buy a package, the history shows the saving', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const packageId = await addPackage(clientId, 60);
  const discount = await addVoucher(clientId, { type: 'percentage', value: 50, minimum_purchase: 60 });
  for (const { code } of [discount, await addVoucher(clientId, { value: 30 })]) {
    assertDone(await redeemVoucher(customer, code, { packageId }));
  }
  const buy = (body: Record<string, unknown>) =>
    call('purchase-package', { packageId, bizcoins: 30, ...body }, { token: customer.token });
  const { body: quote } = await buy({ preview: true });
  assert.deepEqual([quote.price, quote.discount, quote.finalAmount], [60, 30, 0]);
  assertDone(await buy({}));
  const { data: packages } = await customer.client.from('customer_packages').select('package_id, status');
  assert.deepEqual(packages, [{ package_id: packageId, status: 'active' }]);
  const { data: saved } = await customer.client.from('voucher_usage').select('discount_amount')
    .eq('voucher_id', discount.id);
  assert.deepEqual(saved, [{ discount_amount: 30 }]);
  const { data: left } = await customer.client.from('voucher_entitlements').select('status');
  assert.deepEqual(left, [{ status: 'used' }]);
});

Deno.test('redeem-voucher: unknown codes and codes of other clients → the same error, recorded', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const foreign = await addVoucher(await addClient());
  const unknown = await redeemVoucher(customer, 'NOBODY-HAS-THIS');
  const refusal = assertRefused(unknown, 'VC-001');
  assert.match(refusal.solution, /contact support/);
  const { requestId: _, ...told } = refusal;
  const { requestId, ...toldOfForeign } = assertRefused(await redeemVoucher(customer, foreign.code), 'VC-001');
  assert.deepEqual(toldOfForeign, told);
  const [attempt] = await sql`select * from public.voucher_redemption_attempts where request_id = ${requestId}`;
  assert.deepEqual([attempt.user_id, attempt.client_id, attempt.error_code], [customer.id, clientId, 'VC-001']);
  assert.ok(!JSON.stringify(attempt).includes(foreign.code));
});

Deno.test('redeem-voucher: expired → since when, and alternatives', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const expired = await addVoucher(clientId, { expires_at: '2026-01-31T23:00:00Z' });
  const offer = await addVoucher(clientId, { is_public: true, value: 5, description: 'For everybody' });
  await addVoucher(clientId, { value: 500 });
  const { expiredAt, alternatives } = assertRefused(await redeemVoucher(customer, expired.code), 'VC-005');
  assert.equal(Date.parse(expiredAt), Date.parse('2026-01-31T23:00:00Z'));
  assert.deepEqual(alternatives, [
    { code: offer.code, type: 'credit', value: 5, description: 'For everybody', expiresAt: null },
  ]);
  assertDone(await redeemVoucher(customer, alternatives[0].code));
});

Deno.test('redeem-voucher: the same key → the stored answer; the same voucher → VC-007', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const { code } = await addVoucher(clientId);
  const idempotencyKey = crypto.randomUUID();
  const first = await redeemVoucher(customer, code, {}, { idempotencyKey });
  const second = await redeemVoucher(customer, code, {}, { idempotencyKey });
  assert.deepEqual({ ...second.body, requestId: '' }, { ...first.body, requestId: '' });
  assertRefused(await redeemVoucher(customer, 'ANOTHER-CODE', {}, { idempotencyKey }), 'RB-409');
  assertRefused(await redeemVoucher(customer, code), 'VC-007');
  const { body } = await call('get-wallet', {}, { token: customer.token });
  assert.equal(body.balances[0].balance, 50);
});

Deno.test('redeem-voucher: staff, dealers, creators, visitors → refused', async () => {
  const clientId = await addClient();
  const { code } = await addVoucher(clientId);
  assertRefused(await redeemVoucher(await signUpAs('client_admin', clientId), code), 'VC-008');
  assertRefused(await redeemVoucher(await signUpAs('dealer', clientId), code), 'VC-008');
  const customer = await signUpCustomer(clientId);
  const own = await addVoucher(clientId, { created_by: customer.id });
  assertRefused(await redeemVoucher(customer, own.code), 'VC-009');
  assertRefused(await call('redeem-voucher', { code }, { key: stack.publishableKey }), 'RB-401');
  assertRefused(await call('redeem-voucher', { code }), 'RB-401');
  assertRefused(await redeemVoucher({ ...customer, token: `${customer.token}x` }, code), 'RB-401');
});

Deno.test('validate-voucher: each rule → actual and required value, nothing is redeemed', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const voucher = await addVoucher(clientId, { is_active: false, usage_limit: 1, usage_count: 0 });
  const { body } = await validateVoucher(customer, voucher.code);
  assert.equal(body.valid, false);
  const failed = body.rules.filter(({ passed }: { passed: boolean }) => !passed);
  assert.deepEqual(failed, [
    {
      rule: 'active',
      passed: false,
      actual: false,
      required: true,
      code: 'VC-003',
      message: 'The voucher is not active',
    },
  ]);
  await sql`update public.vouchers set is_active = true where id = ${voucher.id}`;
  assert.equal((await validateVoucher(customer, voucher.code)).body.valid, true);
  assertDone(await redeemVoucher(customer, voucher.code));
  assertRefused(await validateVoucher(customer, 'NOBODY-HAS-THIS'), 'VC-001');
});

Deno.test("get-wallet: a customer → the own; an admin → the client's; a server → any; others → none", async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  await redeemVoucher(customer, (await addVoucher(clientId)).code);
  const admin = await signUpAs('client_admin', clientId);
  const stranger = await signUpCustomer(await addClient());
  const ask = { customerId: customer.id };
  for (const options of [{ token: customer.token }, { token: admin.token }, {}]) {
    const answer = await call('get-wallet', ask, options);
    assertDone(answer);
    assert.equal(answer.body.balances[0].available, 50);
  }
  assertRefused(await call('get-wallet', ask, { token: stranger.token }), 'RB-404');
  assertRefused(await call('get-wallet', {}), 'RB-400');
  assertRefused(await call('get-wallet', ask, { key: stack.publishableKey }), 'RB-401');
});
