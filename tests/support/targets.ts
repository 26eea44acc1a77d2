import { sql } from './database.ts';
import { type Call, call } from './http.ts';
import { signUpAs } from './people.ts';
import type { Promised } from './promise.ts';
import { masterPool, sell } from './sales.ts';
import { addPackage } from './shop.ts';
import { stack } from './stack.ts';
import { addVoucher } from './vouchers.ts';

/** A function with a genuine caller and a valid body. */
export interface Target {
  name: string;
  options: Call;
  body: Record<string, unknown>;
  /** Fields that accept any text. */
  texts?: string[];
}

/** Every function that takes JSON, with bodies that name a real tenant. */
export async function targets({ clientId, campaignId, poolId, recipient, brandId }: Promised): Promise<Target[]> {
  const { token } = await signUpAs('client_admin', clientId);
  const [{ id: importId }] = await sql`select id from public.imports where subject_id = ${poolId}`;
  const [{ id: giftCardId }] = await sql`select id from public.gift_cards where pool_id = ${poolId}`;
  const { body: session } = await call('start-call-session', { callerPhone: recipient.phone }, { token });
  const { callSessionId } = session;
  const { token: customer, id: customerId } = await signUpAs('customer', clientId);
  const { code } = await addVoucher(clientId);
  const masterPoolId = await masterPool(brandId, 2);
  const { body: { saleId } } = await sell(masterPoolId, clientId, 1);
  const packageId = await addPackage(clientId, 49);
  const { body: { purchaseId } } = await call('purchase-package', { packageId }, { token: customer });
  return [
    { name: 'upload-gift-cards', options: {}, body: { poolId, cards: [{ code: 'TEST-AAAAA-BBBBB-CCCCC' }] } },
    { name: 'export-import-rows', options: { token }, body: { importId } },
    { name: 'import-recipients', options: {}, body: { campaignId, recipients: [{ firstName: 'Ada' }] } },
    {
      name: 'provision-gift-card-unified',
      options: {},
      body: { campaignId, recipientId: recipient.id, brandId, denomination: 25, conditionNumber: 1 },
    },
    {
      name: 'provision-gift-card-for-call-center',
      options: { token },
      body: { callSessionId, recipientId: recipient.id, conditionNumber: 1, deliveryMethod: 'sms' },
    },
    { name: 'start-call-session', options: { token }, body: { callerPhone: recipient.phone, campaignId } },
    {
      name: 'redeem-gift-card',
      options: { key: stack.publishableKey },
      body: { redemptionCode: recipient.token, deliveryMethod: 'none' },
    },
    {
      name: 'confirm-redemption',
      options: { key: stack.publishableKey },
      body: { redemptionCode: recipient.token, conditionNumber: 1 },
    },
    { name: 'send-gift-card-sms', options: {}, body: { giftCardId, phone: recipient.phone } },
    {
      name: 'reveal-gift-card',
      options: { key: stack.publishableKey },
      body: { token: 'A'.repeat(43), device: 'a'.repeat(36) },
    },
    {
      name: 'reveal-gift-card-to-staff',
      options: { token },
      body: { giftCardId, reason: 'The recipient has lost it' },
      texts: ['reason'],
    },
    { name: 'send-gift-card-email', options: {}, body: { giftCardId, email: recipient.email } },
    {
      name: 'check-supplier',
      options: {},
      body: { supplier: 'tillo', adapter: 'tillo', show: 'brands', brandCode: 'amazon', currency: 'USD' },
    },
    {
      name: 'export-report',
      options: { token },
      body: { report: 'liability', clientId, from: '2026-01-01', to: '2027-01-01' },
    },
    {
      name: 'record-consent',
      options: {},
      body: { recipientId: recipient.id, channel: 'sms', action: 'opted_in', source: 'web_form', wording: 'I agree' },
      texts: ['wording'],
    },
    { name: 'send-sms-opt-in', options: {}, body: { recipientId: recipient.id, phone: recipient.phone } },
    { name: 'redeem-voucher', options: { token: customer }, body: { code, clientId } },
    { name: 'validate-voucher', options: { token: customer }, body: { code, clientId } },
    { name: 'get-wallet', options: {}, body: { customerId } },
    {
      name: 'sell-gift-cards',
      options: {},
      body: { masterPoolId, buyerClientId: clientId, quantity: 1 },
    },
    { name: 'billing-statement', options: { token }, body: { clientId, month: '2026-03' } },
    { name: 'return-gift-cards', options: {}, body: { saleId, quantity: 1 } },
    { name: 'purchase-package', options: { token: customer }, body: { packageId, bizcoins: 0 } },
    { name: 'cancel-package-purchase', options: { token: customer }, body: { purchaseId } },
    { name: 'refund-package-purchase', options: { token }, body: { purchaseId, amount: 5, bizcoins: 1 } },
    { name: 'use-messages', options: { token: customer }, body: { clientId, customerId, howMany: 1 } },
    { name: 'check-request', options: {}, body: { show: 'addresses' } },
    { name: 'jobs', options: { key: stack.jobsKey }, body: { job: 'deliveries' } },
  ];
}
