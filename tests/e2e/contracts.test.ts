import assert from 'node:assert/strict';
import { demandLinks, newDevice, open, tokensIn } from '../support/claim_links.ts';
import { contracts } from '../support/contracts.ts';
import { connect } from '../support/crm.ts';
import { provision, provisionBySms, redeem } from '../support/gift_cards.ts';
import { type Answer, call } from '../support/http.ts';
import { signUpAs } from '../support/people.ts';
import { promise } from '../support/promise.ts';
import { messageTo, writeSms } from '../support/sandbox.ts';
import { masterPool, sell } from '../support/sales.ts';
import { begin, openShop, purchase } from '../support/shop.ts';
import { stack } from '../support/stack.ts';
import { sell as sellAtSupplier } from '../support/suppliers.ts';
import { uniqueCard, uniquePhone } from '../support/unique.ts';
import { addVoucher, redeemVoucher, signUpCustomer, validateVoucher } from '../support/vouchers.ts';

/** Where the fields of an example and of a real answer differ; an empty list and null may stand for anything. */
function differences(example: unknown, real: unknown, path = 'answer'): string[] {
  if (example === null || real === null) return [];
  if (Array.isArray(example) && Array.isArray(real)) {
    return example.length && real.length ? differences(example[0], real[0], `${path}[]`) : [];
  }
  if (typeof example !== 'object' || typeof real !== 'object') {
    return typeof example === typeof real ? [] : [`${path} is ${typeof real} and not ${typeof example}`];
  }
  const [one, other] = [example, real] as Record<string, unknown>[];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) => {
    if (!(key in one)) return [`${path}.${key} is not in the example`];
    return key in other
      ? differences(one[key], other[key], `${path}.${key}`)
      : [`${path}.${key} is in the example only`];
  });
}

/** A call of each function that answers with what its example shows. */
const CALLS: Record<string, () => Promise<Answer>> = {
  async 'billing-statement'() {
    const promised = await promise();
    await provision(promised);
    const month = new Date().toISOString().slice(0, 7);
    return call('billing-statement', { clientId: promised.clientId, month });
  },
  async 'cancel-package-purchase'() {
    const shop = await openShop({ price: 49, bizcoins: 30 });
    return call('cancel-package-purchase', { purchaseId: await begin(shop, 20) }, { token: shop.customer.token });
  },
  'check-request': () => call('check-request', { show: 'addresses' }),
  async 'check-supplier'() {
    const { supplier } = await sellAtSupplier((await promise({ cards: 0 })).brandId);
    return call('check-supplier', { supplier, show: 'floats', currency: 'USD' });
  },
  async 'confirm-redemption'() {
    const { recipient } = await promise();
    await redeem(recipient.token);
    return call('confirm-redemption', { redemptionCode: recipient.token }, { key: stack.publishableKey });
  },
  async 'crm-webhook'() {
    const promised = await promise();
    return (await connect(promised)).tell({ contactId: promised.recipient.id });
  },
  async 'get-wallet'() {
    const shop = await openShop({ bizcoins: 30 });
    return call('get-wallet', {}, { token: shop.customer.token });
  },
  async 'import-recipients'() {
    const { campaignId } = await promise();
    const recipients = [{
      firstName: 'Ada',
      lastName: 'Archer',
      phone: uniquePhone(),
      externalCrmId: crypto.randomUUID(),
    }];
    return call('import-recipients', { campaignId, recipients });
  },
  'jobs': () => call('jobs', { job: 'deliveries' }, { key: stack.jobsKey }),
  async 'provision-gift-card-for-call-center'() {
    const { clientId, recipient } = await promise();
    const { token } = await signUpAs('call_agent', clientId);
    const { body } = await call('start-call-session', { callerPhone: recipient.phone }, { token });
    const met = { recipientId: recipient.id, conditionNumber: 1, deliveryMethod: 'sms' };
    return call('provision-gift-card-for-call-center', { callSessionId: body.callSessionId, ...met }, { token });
  },
  'provision-gift-card-unified': async () => provision(await promise()),
  'purchase-package': async () => purchase(await openShop({ price: 49, bizcoins: 30 }), { bizcoins: 20 }),
  async 'record-consent'() {
    const { recipient } = await promise();
    const consent = { channel: 'sms', action: 'opted_in', source: 'web_form', wording: 'I agree' };
    return call('record-consent', { recipientId: recipient.id, ...consent });
  },
  'redeem-gift-card': async () => redeem((await promise()).recipient.token),
  async 'redeem-voucher'() {
    const { customer, clientId } = await openShop();
    return redeemVoucher(customer, (await addVoucher(clientId)).code);
  },
  async 'refund-package-purchase'() {
    const shop = await openShop({ price: 49, bizcoins: 49 });
    return call('refund-package-purchase', { purchaseId: await begin(shop, 49) });
  },
  async 'return-gift-cards'() {
    const { clientId, brandId } = await promise();
    const { body } = await sell(await masterPool(brandId, 1), clientId, 1);
    return call('return-gift-cards', { saleId: body.saleId, quantity: 1 });
  },
  async 'reveal-gift-card'() {
    const promised = await promise();
    await demandLinks(promised.campaignId);
    await provisionBySms(promised);
    return open(tokensIn(await messageTo(promised.recipient.phone))[0], newDevice());
  },
  async 'reveal-gift-card-to-staff'() {
    const promised = await promise();
    const { giftCardId } = await provisionBySms(promised);
    const { token } = await signUpAs('client_admin', promised.clientId);
    return call('reveal-gift-card-to-staff', { giftCardId, reason: 'The recipient has lost it' }, { token });
  },
  async 'sell-gift-cards'() {
    const { clientId, brandId } = await promise();
    return sell(await masterPool(brandId, 1), clientId, 1);
  },
  async 'send-gift-card-email'() {
    const { giftCardId } = await provisionBySms(await promise());
    return call('send-gift-card-email', { giftCardId });
  },
  async 'send-gift-card-sms'() {
    const { giftCardId } = await provisionBySms(await promise());
    return call('send-gift-card-sms', { giftCardId });
  },
  async 'send-sms-opt-in'() {
    const { recipient } = await promise();
    return call('send-sms-opt-in', { recipientId: recipient.id });
  },
  async 'start-call-session'() {
    const { clientId, recipient } = await promise();
    const { token } = await signUpAs('call_agent', clientId);
    return call('start-call-session', { callerPhone: recipient.phone }, { token });
  },
  async 'unsubscribe'() {
    const promised = await promise();
    await provision(promised, { deliveryMethod: 'email' });
    const { headers = {} } = await messageTo(promised.recipient.email);
    return call('unsubscribe', undefined, {
      key: null,
      query: new URL(headers['List-Unsubscribe'].slice(1, -1)).search,
    });
  },
  async 'upload-gift-cards'() {
    const { poolId } = await promise();
    return call('upload-gift-cards', { poolId, cards: [{ ...uniqueCard(), expirationDate: '2036-01-01' }] });
  },
  async 'use-messages'() {
    const shop = await openShop({ price: 5, bizcoins: 5 });
    await begin(shop, 5);
    return call('use-messages', { clientId: shop.clientId }, { token: shop.customer.token });
  },
  async 'validate-voucher'() {
    const { clientId } = await openShop();
    return validateVoucher(await signUpCustomer(clientId), (await addVoucher(clientId)).code);
  },
};

// What Stripe gets is known to the sandbox alone, and the events that the example has are ignored.
const NOT_CALLED = ['stripe-webhook'];

Deno.test('contracts: each function with a resource is called here', () => {
  const named = [...contracts.values()].filter(({ answer }) => answer).map(({ name }) => name);
  assert.deepEqual([...Object.keys(CALLS), ...NOT_CALLED].sort(), named.sort());
});

for (const [name, callIt] of Object.entries(CALLS)) {
  Deno.test(`contracts: the example of ${name} has the fields of a real answer`, async () => {
    const { status, body, text } = await callIt();
    assert.ok(status < 300, text);
    const { requestId: _, ...resource } = body;
    assert.deepEqual(differences(contracts.get(name)!.example.answer, resource), [], text);
  });
}

Deno.test('contracts: the examples of files begin like real ones', async () => {
  const { body, text } = await call('export-report', { report: 'liability' });
  assert.equal(body, undefined);
  assert.equal(text.split('\r\n')[0], String(contracts.get('export-report')!.example.answer).split('\r\n')[0]);
  const { twiml } = await writeSms(uniquePhone(), 'thanks');
  assert.equal(twiml, contracts.get('twilio-inbound')!.example.answer);
});
