import assert from 'node:assert/strict';
import { SPELLINGS, STRANGERS, UNMAKEABLE } from '../fixtures/codes.ts';
import { sql } from '../support/database.ts';
import { assertDone, assertRefused } from '../support/expect.ts';
import { redeem } from '../support/gift_cards.ts';
import { call } from '../support/http.ts';
import { signUpAs } from '../support/people.ts';
import { promise } from '../support/promise.ts';
import { addClient } from '../support/shop.ts';
import { stack } from '../support/stack.ts';
import { symbols } from '../support/unique.ts';
import { addVoucher, redeemVoucher, signUpCustomer, validateVoucher } from '../support/vouchers.ts';

const uniqueCode = () => `CAFÉ-OILUV01-${symbols(6)}`;

Deno.test('redeem-voucher, validate-voucher: a code in any spelling → that voucher', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const voucher = await addVoucher(clientId, { code: uniqueCode(), per_customer_limit: SPELLINGS.length });
  for (const [how, spell] of SPELLINGS) {
    const valid = await validateVoucher(customer, spell(voucher.code));
    assert.equal(valid.body.valid, true, `${how}: ${valid.text}`);
    const { body, text } = await redeemVoucher(customer, spell(voucher.code));
    assert.equal(body.voucherId, voucher.id, `${how}: ${text}`);
  }
});

Deno.test('redeem-voucher, validate-voucher: a code with letters that no code has → VC-001, and an attempt', async () => {
  const clientId = await addClient();
  const customer = await signUpCustomer(clientId);
  const { code } = await addVoucher(clientId, { code: `C${symbols(4)}-${symbols(6)}` });
  for (const [how, disguise] of STRANGERS) {
    const answer = await redeemVoucher(customer, disguise(code));
    assert.equal(answer.body.error?.code, 'VC-001', `${how}: ${answer.text}`);
    assertRefused(answer, 'VC-001');
    const attempts = await sql`
      select outcome, code, code_fingerprint is not null as has_fingerprint from public.redemption_attempts
      where request_id = ${answer.body.error.requestId}`;
    assert.deepEqual(attempts.map((row) => ({ ...row })), [{
      outcome: 'refused',
      code: 'VC-001',
      has_fingerprint: true,
    }]);
  }
  assertRefused(await validateVoucher(customer, STRANGERS[0][1](code)), 'VC-001');
  assertDone(await redeemVoucher(customer, code));
});

Deno.test('redeem-gift-card, confirm-redemption: a code in any spelling → that recipient', async () => {
  const { recipients } = await promise({ recipients: SPELLINGS.length, cards: SPELLINGS.length });
  for (const [n, [how, spell]] of SPELLINGS.entries()) {
    const code = uniqueCode();
    await sql`update public.recipient_codes set redemption_token = ${code} where recipient_id = ${recipients[n].id}`;
    const given = await redeem(spell(code));
    assert.equal(given.status, 200, `${how}: ${given.text}`);
    const used = await call('confirm-redemption', { redemptionCode: spell(code) }, { key: stack.publishableKey });
    assert.equal(used.body.giftCard?.id, given.body.giftCard.id, `${how}: ${used.text}`);
  }
});

Deno.test('redeem-gift-card: a code with letters that no code has → GC-011', async () => {
  const { recipient } = await promise();
  const code = `C${symbols(4)}-${symbols(6)}`;
  await sql`update public.recipient_codes set redemption_token = ${code} where recipient_id = ${recipient.id}`;
  for (const [how, disguise] of STRANGERS) {
    const answer = await redeem(disguise(code));
    assert.equal(answer.body.error?.code, 'GC-011', `${how}: ${answer.text}`);
  }
  assertDone(await redeem(code));
});

Deno.test('create_voucher, create_vouchers: a code or pattern with signs that no code has → RB-400 that names them', async () => {
  const clientId = await addClient();
  const { client } = await signUpAs('client_admin', clientId);
  for (const code of UNMAKEABLE) {
    const voucher = { type: 'credit', value: 5, code };
    const { error } = await client.rpc('create_voucher', { client_id: clientId, voucher });
    assert.equal(error?.code, 'RB400', `${code}: ${error?.message}`);
    assert.equal(JSON.parse(error.details).field, 'code');
  }
  for (const pattern of ['абв-****-****', '*'.repeat(513)]) {
    const { error } = await client.rpc('create_vouchers', {
      client_id: clientId,
      how_many: 2,
      voucher: { type: 'credit', value: 5 },
      pattern,
    });
    assert.equal(error?.code, 'RB400', error?.message);
    assert.equal(JSON.parse(error.details).field, 'pattern');
  }
});
