import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { call } from '../../support/http.ts';
import { type Person, signUp, signUpAs } from '../../support/people.ts';
import { addClient } from '../../support/shop.ts';
import { addVoucher, redeemVoucher, signUpCustomer } from '../../support/vouchers.ts';

/** The answer of an admin entry point. */
async function ask({ client }: Person, name: string, args: Record<string, unknown>) {
  const { data, error } = await client.rpc(name, args);
  assert.equal(error, null, error?.message);
  return data;
}

/** The code with which an admin entry point refuses a user. */
async function refusalOf({ client }: Person, name: string, args: Record<string, unknown>): Promise<string> {
  const { error } = await client.rpc(name, args);
  return error?.code ?? 'ok';
}

async function bizcoinsOf({ token }: Person): Promise<number> {
  const { body } = await call('get-wallet', {}, { token });
  return body.balances.find(({ asset }: { asset: string }) => asset === 'bizcoin')?.available ?? 0;
}

Deno.test('vouchers: created, paused, resumed, ended → effective for customers at once', async () => {
  const clientId = await addClient();
  const admin = await signUpAs('client_admin', clientId);
  const customers = await Promise.all([1, 2, 3, 4].map(() => signUpCustomer(clientId)));
  const voucher = await ask(admin, 'create_voucher', {
    client_id: clientId,
    voucher: { type: 'credit', value: 25, usageLimit: 100, description: 'Welcome' },
  });
  assertDone(await redeemVoucher(customers[0], voucher.code));
  await ask(admin, 'update_voucher', { voucher_id: voucher.id, changes: { isActive: false } });
  assertRefused(await redeemVoucher(customers[1], voucher.code), 'VC-003');
  await ask(admin, 'update_voucher', { voucher_id: voucher.id, changes: { isActive: true } });
  assertDone(await redeemVoucher(customers[2], voucher.code));
  await ask(admin, 'expire_voucher', { voucher_id: voucher.id, reason: 'The campaign is over' });
  assertRefused(await redeemVoucher(customers[3], voucher.code), 'VC-005');

  const [listed] = await ask(admin, 'list_vouchers', { client_id: clientId, state: 'expired' });
  assert.deepEqual([listed.id, listed.usage_count, listed.description], [voucher.id, 2, 'Welcome']);
  const report = await ask(admin, 'report_voucher_usage', { client_id: clientId });
  assert.deepEqual([report.byType[0].redemptions, report.byType[0].benefit, report.redemptionRate], [2, 50, 1]);
  assert.deepEqual(report.attempts, { 'succeeded': 2, 'VC-003': 1, 'VC-005': 1 });
});

Deno.test('create_voucher: invalid combinations → refused with a message, without the row', async () => {
  const clientId = await addClient();
  const admin = await signUpAs('client_admin', clientId);
  const voucher = { type: 'percentage', value: 150, code: 'SUMMER-150' };
  const { error } = await admin.client.rpc('create_voucher', { client_id: clientId, voucher });
  assert.deepEqual([error?.code, error?.message], ['RB400', 'value must be from 0.01 to 100']);
  assert.doesNotMatch(JSON.stringify(error), /SUMMER/);
});

Deno.test('create_vouchers: 5,000 codes → one answer, each redeemable once', async () => {
  const clientId = await addClient();
  const admin = await signUpAs('agency_admin', clientId);
  const { batchId, created, codes } = await ask(admin, 'create_vouchers', {
    client_id: clientId,
    how_many: 5000,
    voucher: { type: 'credit', value: 5 },
    pattern: 'GIFT-YYYY-****-****',
  });
  assert.equal(created, 5000);
  assert.equal(new Set(codes).size, 5000);
  const customer = await signUpCustomer(clientId);
  assertDone(await redeemVoucher(customer, codes[4999]));
  assertRefused(await redeemVoucher(await signUpCustomer(clientId), codes[4999]), 'VC-006');
  const used = await ask(admin, 'list_vouchers', { client_id: clientId, batch_id: batchId, state: 'used_up' });
  assert.deepEqual(used.map(({ code }: { code: string }) => code), [codes[4999]]);
});

Deno.test('create_vouchers: 20,000 codes over HTTP → all in one answer, and the same again for the same key', async () => {
  const clientId = await addClient();
  const admin = await signUpAs('client_admin', clientId);
  const args = {
    client_id: clientId,
    how_many: 20_000,
    voucher: { type: 'credit', value: 1000 },
    idempotency_key: crypto.randomUUID(),
  };
  const batch = await ask(admin, 'create_vouchers', args);
  assert.deepEqual([batch.created, batch.isRepeated, new Set(batch.codes).size], [20_000, false, 20_000]);
  const again = await ask(admin, 'create_vouchers', args);
  assert.equal(again.isRepeated, true);
  assert.deepEqual([again.batchId, again.codes], [batch.batchId, batch.codes]);
  assertDone(await redeemVoucher(await signUpCustomer(clientId), again.codes[19_999]));
  const [{ made }] = await sql`select count(*)::int as made from public.vouchers where client_id = ${clientId}`;
  assert.equal(made, 20_000);
});

Deno.test('create_vouchers: a double click without a key → one batch, and RB-409 that names it', async () => {
  const clientId = await addClient();
  const { client } = await signUpAs('client_admin', clientId);
  const args = { client_id: clientId, how_many: 500, voucher: { type: 'credit', value: 5 } };
  const clicks = await Promise.all(Array.from({ length: 4 }, () => client.rpc('create_vouchers', args)));
  const made = clicks.filter(({ error }) => error === null);
  assert.equal(made.length, 1);
  for (const { error } of clicks.filter((click) => click.error)) {
    assert.equal(error!.code, 'RB409', error!.message);
    assert.equal(JSON.parse(error!.details).batchId, made[0].data.batchId);
  }
  const [{ count }] = await sql`select count(*)::int as count from public.vouchers where client_id = ${clientId}`;
  assert.equal(count, 500);
});

Deno.test('redeem-voucher: a referral → bizcoins for the referrer; of oneself → refused', async () => {
  const clientId = await addClient();
  const admin = await signUpAs('client_admin', clientId);
  const owner = await signUpCustomer(clientId);
  const friends = await Promise.all([1, 2].map(() => signUpCustomer(clientId)));
  const { code } = await ask(admin, 'create_voucher', {
    client_id: clientId,
    voucher: { type: 'credit', value: 20, usageLimit: null, ownerId: owner.id, ownerBenefit: 5 },
  });
  assertRefused(await redeemVoucher(owner, code), 'VC-009');
  for (const friend of friends) assertDone(await redeemVoucher(friend, code));
  assert.equal(await bizcoinsOf(owner), 10);
  assert.equal(await bizcoinsOf(friends[0]), 20);
});

Deno.test('redeem-voucher: a company voucher → for its confirmed domain and its list only', async () => {
  const clientId = await addClient();
  const admin = await signUpAs('client_admin', clientId);
  const [insider, listed, outsider] = await Promise.all([1, 2, 3].map(() => signUpCustomer(clientId)));
  const domain = `${crypto.randomUUID()}.example`;
  await sql`update auth.users set email = ${`ada@${domain}`}, email_confirmed_at = now() where id = ${insider.id}`;
  const { code } = await ask(admin, 'create_voucher', {
    client_id: clientId,
    voucher: { type: 'credit', value: 20, usageLimit: 50, allowedDomains: [domain], allowedCustomers: [listed.id] },
  });
  assertDone(await redeemVoucher(insider, code));
  assertDone(await redeemVoucher(listed, code));
  assertRefused(await redeemVoucher(outsider, code), 'VC-011');
});

Deno.test('vouchers: a dealer → creates vouchers for own customers, reads no others', async () => {
  const clientId = await addClient();
  const dealer = await signUpAs('dealer', clientId);
  const [his, other] = await Promise.all([1, 2].map(() => signUpCustomer(clientId)));
  await sql`update public.memberships set dealer_id = ${dealer.id} where user_id = ${his.id}`;
  const common = await addVoucher(clientId);
  const { id, code } = await ask(dealer, 'create_voucher', {
    client_id: clientId,
    voucher: { type: 'credit', value: 20, usageLimit: 50 },
  });
  assertDone(await redeemVoucher(his, code));
  assertRefused(await redeemVoucher(other, code), 'VC-010');
  const { data } = await dealer.client.from('vouchers').select('id');
  assert.deepEqual(data, [{ id }]);
  assert.equal(await refusalOf(dealer, 'expire_voucher', { voucher_id: common.id }), 'RB404');
  assert.equal(await refusalOf(dealer, 'rollback_voucher_redemption', { redemption_id: id, reason: 'x' }), 'RB404');
});

Deno.test('vouchers: neither admin nor dealer → refused', async () => {
  const clientId = await addClient();
  const voucher = { type: 'credit', value: 1_000_000 };
  const agent = await signUpAs('call_agent', clientId);
  const foreign = await signUpAs('client_admin', await addClient());
  for (
    const [person, code] of [
      [await signUpCustomer(clientId), 'RB404'],
      [await signUp(), 'RB404'],
      [foreign, 'RB404'],
      [agent, 'RB403'],
    ] as const
  ) {
    assert.equal(await refusalOf(person, 'create_voucher', { client_id: clientId, voucher }), code);
    assert.equal(await refusalOf(person, 'create_vouchers', { client_id: clientId, how_many: 5, voucher }), code);
  }
});

Deno.test('rollback_voucher_redemption: partly spent → reverses what remains, redeemable again', async () => {
  const clientId = await addClient();
  const admin = await signUpAs('client_admin', clientId);
  const customer = await signUpCustomer(clientId);
  const { code } = await addVoucher(clientId, { usage_limit: 1, value: 80 });
  const first = await redeemVoucher(customer, code);
  const undone = await ask(admin, 'rollback_voucher_redemption', {
    redemption_id: first.body.redemptionId,
    reason: 'Given by mistake',
  });
  assert.deepEqual([undone.takenBack, undone.benefit, undone.isComplete], [80, 80, true]);
  assert.equal(await bizcoinsOf(customer), 0);
  assertDone(await redeemVoucher(customer, code));
  assert.equal(await bizcoinsOf(customer), 80);
  const again = { redemption_id: first.body.redemptionId, reason: 'Once more' };
  assert.equal(await refusalOf(admin, 'rollback_voucher_redemption', again), 'VC015');
});

Deno.test('expire: an unused discount past its time → expired by the job', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const { code } = await addVoucher(clientId, { type: 'percentage', value: 10 });
  const { body } = await redeemVoucher(customer, code);
  const { entitlementId } = body.benefit;
  await sql`update public.voucher_entitlements set expires_at = now() where id = ${entitlementId}`;
  await eventually('the discount has expired', async () => {
    const { data } = await customer.client.from('voucher_entitlements').select('status').eq('id', entitlementId)
      .single();
    return data?.status === 'expired';
  });
});
