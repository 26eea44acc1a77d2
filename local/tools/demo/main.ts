/** `npm run demo`: plays a scene of each journey, prints calls, answers and messages, and ends with a summary. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import {
  type Answer,
  call,
  latestMessage,
  note,
  query,
  rpc,
  sandbox,
  scene,
  show,
  summarize,
  tablet,
  until,
  uploadCards,
} from './stage.ts';

const campaign = '00000000-0000-4000-8000-000000000201';
const client = '00000000-0000-4000-8000-000000000011';
const starter = '00000000-0000-4000-8000-000000000501';
const amazonPool = '00000000-0000-4000-8000-000000000301';
const targetPool = '00000000-0000-4000-8000-000000000302';
const [ada, ben, cleo, dan, eve] = [1, 2, 3, 4, 5].map((n) => ({
  id: `00000000-0000-4000-8000-00000000040${n}`,
  phone: `+1202555014${n}`,
}));

await scene('upload-gift-cards: an admin uploads a file of cards', async () => {
  const upload = await uploadCards(amazonPool, 5);
  note('The same file again adds nothing; a payment card number is rejected in its row.');
  assert.equal((await upload.again()).imported, 0);
  return '5 cards imported, 1 row rejected as a payment card; the same file again: 0 imported';
});

await scene('redeem-gift-card: a customer redeems a code on a web form', async () => {
  const body = { redemptionCode: 'demo ada2 7k3m', deliveryMethod: 'sms', phone: ada.phone };
  const headers = { 'Idempotency-Key': crypto.randomUUID() };
  const first = await call('redeem-gift-card', body, { headers });
  await latestMessage(ada.phone);
  note('A repeated request with the same Idempotency-Key returns the same card and sends no second SMS.');
  const again = await call('redeem-gift-card', body, { headers });
  assert.equal(cardOf(again).id, cardOf(first).id);
  note('A used code and an unknown code are refused.');
  refused(await call('redeem-gift-card', body), 'GC-010');
  refused(await call('redeem-gift-card', { ...body, redemptionCode: 'DEMO-WRNG-0000' }), 'GC-011');
  return `card ${cardOf(first).code} sent by SMS, repeated: the same card; used code GC-010, unknown code GC-011`;
});

await scene('provision-gift-card-for-call-center: an agent provisions a card for a caller', async () => {
  const agent = await tablet('call_agent');
  const session = await call('start-call-session', { callerPhone: '(202) 555-0142' }, { as: agent });
  const body = {
    callSessionId: session.callSessionId,
    confirmationCode: 'DEMO-BEN2-8R4N',
    conditionNumber: 2,
    deliveryMethod: 'sms',
  };
  const given = await call('provision-gift-card-for-call-center', body, { as: agent });
  assert.equal(cardOf(given).code, undefined);
  await latestMessage(ben.phone);
  return `card ${cardOf(given).id} sent by SMS to ${ben.phone}; the agent does not see its code`;
});

await scene('deliveries: the SMS provider answers 429 twice, then accepts', async () => {
  await sandbox('/_faults', { provider: 'twilio', to: cleo.phone, kind: '429', times: 2 });
  const body = { campaignId: campaign, recipientId: cleo.id, conditionNumber: 1, deliveryMethod: 'sms' };
  await call('provision-gift-card-unified', body, { as: 'server' });
  await latestMessage(cleo.phone);
  const attempts = await query`
    select attempt_number, status, error_code from public.sms_delivery_log where phone_number = ${cleo.phone} order by 1`;
  show(attempts);
  return `${attempts.length} attempts recorded, the last one ${attempts.at(-1)!.status}`;
});

await scene('crm-webhook: an appointment event provisions a card, sent as a claim link', async () => {
  const admin = await tablet('client_admin');
  const { path, secret } = await rpc('create_crm_endpoint', { client_id: client, name: 'Our CRM' }, admin);
  await rpc('update_campaign_claim_link', { campaign_id: campaign, is_required: true }, admin);
  const event = { event_type: 'appointment_scheduled', contact_id: 'crm-4' };
  const id = `msg_${crypto.randomUUID()}`;
  const now = new Date();
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(String(secret)).sign(id, now, JSON.stringify(event)),
  };
  await call(String(path), event, { headers });
  note('The CRM sends the event again: it is recorded once.');
  await call(String(path), event, { headers });
  const [, token] = /#([\w-]+)/.exec(await latestMessage(dan.phone))!;
  note("The shop's page reads the token after #, and shows the card on this device only.");
  const device = crypto.randomUUID();
  assert.ok(cardOf(await call('reveal-gift-card', { token, device })).code);
  refused(await call('reveal-gift-card', { token, device: crypto.randomUUID() }), 'RB-410');
  await rpc('update_campaign_claim_link', { campaign_id: campaign, is_required: false }, admin);
  return 'event sent twice: 1 card; its link shows it on one device, another device gets RB-410';
});

await scene('provision-gift-card-unified: stock runs out → GC-003 and a pending reward', async () => {
  const body = (recipient: string) => ({ campaignId: campaign, recipientId: recipient, conditionNumber: 1 });
  await call('provision-gift-card-unified', body(dan.id), { as: 'server' });
  refused(await call('provision-gift-card-unified', body(eve.id), { as: 'server' }), 'GC-003');
  show(await query`select status, denomination, currency from public.pending_rewards`);
  show(
    await query`select alert_type, severity, message from public.system_alerts where resolved_at is null order by 1`,
  );
  return 'the last card provisioned, then GC-003: 1 pending reward, and alerts for the pool';
});

await scene('pending-rewards: a restock fulfils the pending reward', async () => {
  await uploadCards(amazonPool, 1);
  await latestMessage(eve.phone, 'AMZN-');
  show(await query`select status, fulfilled_at is not null as fulfilled from public.pending_rewards`);
  return '1 card uploaded, claimed by the pending reward and sent by SMS';
});

await scene('suppliers: the first is out of funds, the second sells; an answer is lost and looked up', async () => {
  await sandbox('/_faults', { provider: 'tillo', to: 'starbucks', kind: '610' });
  const body = { campaignId: campaign, recipientId: ada.id, conditionNumber: 3 };
  const bought = await call('provision-gift-card-unified', body, { as: 'server' });
  assert.equal(bought.source, 'tillo2');
  note('The supplier sells a card and its answer is lost: the retry uses the same id and gets the same card.');
  await sandbox('/_faults', { provider: 'tillo', to: 'starbucks', kind: '504_after_accepting' });
  refused(await call('provision-gift-card-unified', { ...body, recipientId: ben.id }, { as: 'server' }), 'GC-005');
  await latestMessage(ben.phone, 'STAR-');
  show(
    await query`
    select s.name as supplier, p.status, p.supplier_code, p.attempts from public.gift_card_purchases p
    join public.gift_card_suppliers s on s.id = p.supplier_id order by p.created_at`,
  );
  return `bought from ${bought.source} after tillo failed; after a lost answer GC-005, then the same card, sent by SMS`;
});

await scene('billing: a card has a cost, the price of its agency and the price of its client', async () => {
  note(
    'Amazon is platform stock, Starbucks was bought and the agency adds 5 %, Target is stock of the client.',
  );
  const digits = () => String(randomInt(1000, 9999));
  const cards = [{ code: [digits(), digits(), digits()].join('-'), pin: digits() }];
  await call('upload-gift-cards', { poolId: targetPool, cards }, { as: 'server' });
  const body = { campaignId: campaign, recipientId: ada.id, conditionNumber: 4 };
  await call('provision-gift-card-unified', body, { as: 'server' });
  show(
    await query`
    select source, stock_owner, cost_basis, platform_price, client_price, margin, agency_margin, currency
    from public.billing_transactions order by created_at`,
  );
  const [{ bills }] = await query`select count(*)::int as bills from public.billing_transactions`;
  return `${bills} bills, each with cost, platform price and client price`;
});

await scene(
  'purchase-package: vouchers give bizcoins and a discount, a card pays the rest',
  async () => {
    const customer = await tablet('customer');
    await call('redeem-voucher', { code: 'demo coin 2k7m' }, { as: customer });
    refused(await call('redeem-voucher', { code: 'DEMO-COIN-2K7M' }, { as: customer }), 'VC-007');
    await call('redeem-voucher', { code: 'DEMO-OFF2-8R4N' }, { as: customer });
    await call('purchase-package', { packageId: starter, preview: true }, { as: customer });
    const purchase = await call('purchase-package', { packageId: starter, bizcoins: 10 }, { as: customer });
    note('The bizcoins are held. The customer pays the rest by card, and Stripe sends the event three times.');
    const [payment] = String(purchase.clientSecret).split('_secret');
    for (let time = 0; time < 3; time++) await sandbox(`/_stripe/payment_intents/${payment}/succeed`, {});
    await until(
      'the package is active',
      () => query`select from public.customer_packages where purchase_id = ${String(purchase.purchaseId)}`,
    );
    await call('use-messages', { clientId: client, howMany: 7 }, { as: customer });
    await call('get-wallet', {}, { as: customer });
    return 'second use of a voucher VC-007; 3 payment events: 1 active package; 7 messages used';
  },
);

await scene('consent: a recipient opts in by SMS and opts out in plain language', async () => {
  await call('send-sms-opt-in', { recipientId: ben.id }, { as: 'server' });
  await latestMessage(ben.phone);
  note(
    'Replies arrive through the sandbox: first YES, then plain language that Twilio has no keyword for.',
  );
  await sandbox('/_inbound', { from: ben.phone, body: 'Yes' });
  await sandbox('/_inbound', { from: ben.phone, body: 'ok, please take me off your list now' });
  await latestMessage(ben.phone);
  show(
    await query`select action, source, wording_version, left(wording, 40) as words from public.consents where address = ${ben.phone} order by id`,
  );
  return 'opt-in requested and given, opt-out recorded from a free-text reply';
});

let violated = 0;
await scene('records: the trace of a provisioning, the counters of a pool, every invariant', async () => {
  show(
    await query`
    select step_number, step_name, status, error_code from public.gift_card_provisioning_trace
    where recipient_id = ${ada.id} order by id limit 8`,
  );
  show(
    await query`
    select total_cards, available_cards, claimed_cards, delivered_cards from public.gift_card_pools where id = ${amazonPool}`,
  );
  const violations = await query`select * from private.invariant_violations`;
  note(`Invariants violated: ${violations.length}`);
  violated = violations.length;
  assert.equal(violated, 0);
  const [{ available_cards, delivered_cards }] = await query`
    select available_cards, delivered_cards from public.gift_card_pools where id = ${amazonPool}`;
  return `${available_cards} cards available and ${delivered_cards} delivered in the pool, ${violated} invariants violated`;
});

summarize(violated);
await query.end();

function cardOf(answer: Answer): Record<string, unknown> {
  return answer.giftCard as Record<string, unknown>;
}

function refused(answer: Answer, code: string): void {
  assert.equal((answer.error as { code: string } | undefined)?.code, code);
}
