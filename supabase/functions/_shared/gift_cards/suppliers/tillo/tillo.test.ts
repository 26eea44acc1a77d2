import assert from 'node:assert/strict';
import type { Order, Outcome } from '../port.ts';
import { TILLO_CODES } from './codes.ts';
import { tillo } from './tillo.ts';

const ORDER: Order = {
  clientRequestId: 'ab12-a1',
  brandCode: 'amazon',
  amount: '25.00',
  currency: 'USD',
  sector: null,
  deliveryMethod: 'code',
  reference: null,
};

const SALE = {
  brand: 'amazon',
  face_value: { amount: 25, currency: 'USD' },
  cost_value: { amount: 23.5, currency: 'USD' },
  reference: 'a1395200-ea40-11f0-88f5-c7a4c5716c58',
  code: 'AMZN-1',
  pin: '1234',
};

type Fetched = { url: URL; init: RequestInit; body: Record<string, unknown> | undefined };

/** Calls one method while the network answers with this, and tells what was sent. */
async function against<T>(answer: Response | Error, call: (supplier: ReturnType<typeof tillo>) => Promise<T>) {
  const sent: Fetched[] = [];
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    sent.push({ url: new URL(String(input)), init: init!, body: init!.body && JSON.parse(String(init!.body)) });
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  try {
    const supplier = tillo({ apiKey: 'key', secretKey: 'secret', baseUrl: 'https://relay.example/api/v2/' });
    return { result: await call(supplier), sent };
  } finally {
    globalThis.fetch = real;
  }
}

function success(data: unknown): Response {
  return Response.json({ code: '000', status: 'success', message: '', data });
}

function error(code: string, status = 422): Response {
  return Response.json({ code, status: 'error', message: 'repeats https://secret.example AMZN-1' }, { status });
}

async function outcomeOf(answer: Response | Error, action: 'issue' | 'order' | 'orderStatus' | 'reverse' = 'issue') {
  return (await against<Outcome>(answer, (supplier) => supplier[action](ORDER))).result;
}

Deno.test('tillo: an order → as documented, signed, to the configured URL', async () => {
  const { result, sent: [{ url, init, body }] } = await against(success(SALE), (supplier) => supplier.issue(ORDER));
  assert.equal(url.href, 'https://relay.example/api/v2/digital/issue');
  assert.deepEqual(body, {
    client_request_id: 'ab12-a1',
    brand: 'amazon',
    face_value: { amount: '25.00', currency: 'USD' },
    sector: 'consumer-rewards-and-incentives',
    delivery_method: 'code',
    fulfilment_by: 'partner',
  });
  const headers = new Headers(init.headers);
  assert.equal(headers.get('api-key'), 'key');
  assert.match(headers.get('signature')!, /^[0-9a-f]{64}$/);
  assert.match(headers.get('timestamp')!, /^\d{13}$/);
  assert.equal(init.redirect, 'manual');
  assert.deepEqual(result, {
    outcome: 'issued',
    supplierCode: '000',
    card: { code: 'AMZN-1', pin: '1234', expiresOn: null },
    reference: SALE.reference,
    cost: '23.5',
  });
});

Deno.test('tillo: a reversal → names the first request, with a stable id of its own', async () => {
  const { result, sent: [{ body }] } = await against(success({}), (supplier) => supplier.reverse(ORDER));
  assert.equal(result.outcome, 'reversed');
  assert.deepEqual([body!.client_request_id, body!.original_client_request_id], ['ab12-a1-r', 'ab12-a1']);
});

Deno.test('tillo: the status of an order → by its reference, else by our id', async () => {
  const answer = () => success({ status: 'PENDING' });
  const byId = await against(answer(), (supplier) => supplier.orderStatus(ORDER));
  const byReference = await against(answer(), (supplier) => supplier.orderStatus({ ...ORDER, reference: 'r-1' }));
  assert.equal(byId.sent[0].url.search, '?original_client_request_id=ab12-a1');
  assert.equal(byReference.sent[0].url.search, '?reference=r-1');
});

// Of each class in Tillo's table of errors: what it means for an order, and for a question or a reversal.
const CLASSES: [codes: string[], ofAnOrder: string, ofAQuestion: string][] = [
  [['070', '072', '100', '210', '433', '434', '704', '706', '709', '711', '712', '713', '714', '716'], 'declined', ''],
  [['717', '719', '720', '721', '722', '723', '726', '728', '730', '733', '734', '735', '736'], 'declined', ''],
  [['738', '739', '740'], 'declined', ''],
  [['610', '615', '725'], 'short', ''],
  [['211', '600', '602', '603', '604', '708', '715', '729', '732', '999', '998', '123'], 'unknown', ''],
  [['724'], 'declined', 'not_found'],
];

for (const [codes, ofAnOrder, ofAQuestion] of CLASSES) {
  for (const code of codes) {
    Deno.test(`tillo: ${code} → an order is ${ofAnOrder}, a status call ${ofAQuestion || 'open'}`, async () => {
      for (const status of [200, 400, 401, 403, 422, 500, 503]) {
        for (const action of ['issue', 'order'] as const) {
          const { outcome, supplierCode } = await outcomeOf(error(code, status), action);
          assert.deepEqual([outcome, supplierCode], [ofAnOrder, code]);
        }
        for (const action of ['orderStatus', 'reverse'] as const) {
          assert.equal((await outcomeOf(error(code, status), action)).outcome, ofAQuestion || 'unknown');
        }
      }
    });
  }
}

Deno.test('tillo: every known code → in one of the classes above', () => {
  const tested = new Set(CLASSES.flatMap(([codes]) => codes));
  assert.deepEqual(Object.keys(TILLO_CODES).filter((code) => !tested.has(code) && !['060', '071'].includes(code)), []);
});

Deno.test('tillo: 999 → final only with the message that there is no such call', async () => {
  assert.equal((await outcomeOf(error('999', 404))).outcome, 'declined');
  assert.equal((await outcomeOf(error('999', 405))).outcome, 'declined');
  assert.equal((await outcomeOf(error('999', 500))).outcome, 'unknown');
});

const SILENCES: [what: string, () => Response | Error, kind: string][] = [
  ['502 without a body', () => new Response(null, { status: 502 }), 'http_502'],
  ['504 without a body', () => new Response(null, { status: 504 }), 'http_504'],
  ['200 without a body', () => new Response(''), 'http_200'],
  ['a page of HTML', () => new Response('<html>', { status: 503 }), 'http_503'],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://x.example' } }), 'http_302'],
  ['JSON in no envelope', () => Response.json(['000']), 'http_200'],
  ['an envelope without a code', () => Response.json({ status: 'success', data: SALE }), 'http_200'],
  ['a success that says it is an error', () => Response.json({ code: '000', status: 'error' }), 'contradiction'],
  ['an answer without end', () => new Response(new Uint8Array(9 * 1024 * 1024)), 'too_large'],
  ['bytes that are no text', () => new Response(new Uint8Array([0xff, 0xfe])), 'http_200'],
  ['a time-out', () => new DOMException('', 'TimeoutError'), 'timeout'],
  ['a broken line', () => new TypeError('reset'), 'network'],
];

for (const [what, answer, kind] of SILENCES) {
  Deno.test(`tillo: ${what} → every call stays open`, async () => {
    for (const action of ['issue', 'order', 'orderStatus', 'reverse'] as const) {
      const { outcome, supplierCode } = await outcomeOf(answer(), action);
      assert.deepEqual([outcome, supplierCode], ['unknown', kind]);
    }
  });
}

const NOT_ORDERED: [what: string, change: Record<string, unknown>, problem: string][] = [
  ['a higher value', { face_value: { amount: 50, currency: 'USD' } }, 'another_value'],
  ['a value that differs by a cent', { face_value: { amount: '25.01', currency: 'USD' } }, 'another_value'],
  ['another currency', { face_value: { amount: 25, currency: 'GBP' } }, 'another_value'],
  ['no value', { face_value: undefined }, 'unreadable'],
  ['a value that is no amount', { face_value: { amount: '25,00', currency: 'USD' } }, 'unreadable'],
  ['another brand', { brand: 'apple' }, 'another_brand'],
  ['no code', { code: '' }, 'no_card'],
  ['a code that is no text', { code: 1234 }, 'unreadable'],
  ['a code without end', { code: 'x'.repeat(111) }, 'unreadable'],
];

for (const [what, change, problem] of NOT_ORDERED) {
  Deno.test(`tillo: a card with ${what} → not the ordered one`, async () => {
    const { outcome, supplierCode, message } = await outcomeOf(success({ ...SALE, ...change }));
    assert.deepEqual([outcome, supplierCode], ['unknown', problem]);
    assert.ok(message);
    const asked = await outcomeOf(success({ ...SALE, ...change, status: 'SUCCESS' }), 'orderStatus');
    assert.equal(asked.outcome, 'unknown');
  });
}

Deno.test('tillo: a value in another notation → the same value', async () => {
  for (const amount of [25, '25', '25.0', '25.00', '25.000']) {
    assert.equal((await outcomeOf(success({ ...SALE, face_value: { amount, currency: 'USD' } }))).outcome, 'issued');
  }
});

Deno.test('tillo: an expiry → its day; an unreadable one → the card without expiry', async () => {
  const days = { '2027-12-02T23:59:59+00:00': '2027-12-02', '2027-12-02': '2027-12-02', 'never': null, '': null };
  for (const [given, expected] of Object.entries(days)) {
    const outcome = await outcomeOf(success({ ...SALE, expiration_date: given }));
    assert.equal(outcome.outcome === 'issued' && outcome.card.expiresOn, expected);
  }
  assert.equal((await outcomeOf(success({ ...SALE, expiration_date: 20271202 }))).outcome, 'issued');
});

Deno.test('tillo: a cost in another currency or none → no cost', async () => {
  for (const cost_value of [undefined, { amount: 20, currency: 'GBP' }, 'free']) {
    const outcome = await outcomeOf(success({ ...SALE, cost_value }));
    assert.equal(outcome.outcome === 'issued' && outcome.cost, undefined);
  }
});

const STATES: [status: unknown, outcome: string][] = [
  ['REQUESTED', 'ordered'],
  ['PENDING', 'ordered'],
  ['PROCESSING', 'ordered'],
  ['ERROR', 'declined'],
  ['CANCELLED', 'declined'],
  ['SUCCESS', 'issued'],
  ['DONE', 'unknown'],
  [undefined, 'unknown'],
];

for (const [status, expected] of STATES) {
  Deno.test(`tillo: an order in the state ${status} → ${expected}`, async () => {
    const data = status === 'SUCCESS' ? { ...SALE, status } : { reference: 'r-1', status };
    assert.equal((await outcomeOf(success(data), 'orderStatus')).outcome, expected);
  });
}

Deno.test('tillo: an unknown order → not_found; a malformed reference → unknown', async () => {
  const answer = (reference: unknown) =>
    Response.json({ code: '433', status: 'error', message: '', data: { reference } }, { status: 422 });
  assert.equal((await outcomeOf(answer('The sale could not be found.'), 'orderStatus')).outcome, 'not_found');
  assert.equal((await outcomeOf(answer(['The reference must be a valid UUID.']), 'orderStatus')).outcome, 'unknown');
});

Deno.test('tillo: an order without reference, or of another value → not accepted', async () => {
  const order = { brand: 'amazon', face_value: { amount: 25, currency: 'USD' }, reference: 'r-1' };
  assert.deepEqual(await outcomeOf(success(order), 'order'), {
    outcome: 'ordered',
    supplierCode: '000',
    reference: 'r-1',
  });
  const wrong = [{ ...order, reference: undefined }, { ...order, face_value: { amount: 26, currency: 'USD' } }, null];
  for (const data of wrong) assert.equal((await outcomeOf(success(data), 'order')).outcome, 'unknown');
});

Deno.test('tillo: the text of an error → not repeated', async () => {
  for (const code of ['070', '100', '610', '600', '998']) {
    assert.doesNotMatch(JSON.stringify(await outcomeOf(error(code))), /secret|AMZN/);
  }
});

Deno.test('tillo: floats, brands and stock → as documented', async () => {
  const balance = {
    available_balance: { amount: 50000, currency: 'GBP' },
    pending_payments: { amount: 1, currency: '' },
  };
  const floats = { floats: { GBP: { 'universal-float': balance, 'example-brand': balance } }, last_refreshed_at: '' };
  const asked = await against(success(floats), (supplier) => supplier.floats('GBP'));
  assert.equal(asked.sent[0].url.search, '?currency=GBP');
  assert.deepEqual(asked.result.map(({ name, currency, available }) => `${name} ${currency} ${available}`), [
    'universal-float GBP 50000',
    'example-brand GBP 50000',
  ]);
  const brand = {
    slug: 'example',
    name: 'Example',
    currency: 'GBP',
    status: { code: 'PAUSED' },
    async_only: true,
    transaction_types: ['digital_issuance', 'cancelled_digital_issuance'],
    delivery_methods: ['url'],
    digital_denominations: [9.99, 19.99],
  };
  const { result: [found] } = await against(success({ brands: { example: brand } }), (supplier) => supplier.brands());
  assert.deepEqual(found, {
    brandCode: 'example',
    name: 'Example',
    currency: 'GBP',
    isEnabled: false,
    isAsynchronous: true,
    isReversible: true,
    deliveryMethods: ['url'],
    denominations: ['9.99', '19.99'],
    limits: null,
  });
  const stock = { 'sports-direct': { '5.00': 'OUT', '10.00': '7' }, 'other': [] };
  const { result, sent } = await against(success(stock), (supplier) => supplier.stock('sports-direct'));
  assert.equal(sent[0].url.search, '?brand=sports-direct');
  assert.deepEqual(result.map(({ denomination, available }) => [denomination, available]), [['5.00', 0], ['10.00', 7]]);
  for (const empty of [{ brands: [] }, { brands: {} }]) {
    assert.deepEqual((await against(success(empty), (supplier) => supplier.brands())).result, []);
  }
});

Deno.test('tillo: a malformed catalogue → refused as a whole', async () => {
  for (const data of [null, {}, { floats: 'none' }, { floats: { USD: { a: {} } } }]) {
    await assert.rejects(against(success(data), (supplier) => supplier.floats()));
  }
  await assert.rejects(against(error('434', 401), (supplier) => supplier.floats()), /434/);
});

Deno.test('tillo: security_code → the PIN, or beside it; serial_number → kept, and the code where there is no other', async () => {
  const cardOf = async (change: Record<string, unknown>) => {
    const outcome = await outcomeOf(success({ ...SALE, pin: undefined, ...change }));
    assert.ok(outcome.outcome === 'issued', JSON.stringify(outcome));
    return outcome.card;
  };
  assert.equal((await cardOf({ security_code: '4321' })).pin, '4321');
  assert.equal((await cardOf({ pin: '1234', security_code: '4321' })).pin, '1234 / 4321');
  assert.equal((await cardOf({ pin: '1234', security_code: '1234' })).pin, '1234');
  assert.equal((await cardOf({})).pin, null);
  assert.equal((await cardOf({ serial_number: 'SN-77' })).serialNumber, 'SN-77');
  assert.equal((await cardOf({ serial_number: 600123 })).serialNumber, '600123');
  assert.equal((await cardOf({ serial_number: { odd: true } })).serialNumber, undefined);
  const bySerial = await cardOf({ code: undefined, url: undefined, serial_number: 'SN-77', security_code: '4321' });
  assert.deepEqual([bySerial.code, bySerial.pin], ['SN-77', '4321']);
});

Deno.test('tillo: one odd brand, float or stock → the others are read; all odd → another answer', async () => {
  const brand = { slug: 'good', name: 'Good', currency: 'USD', status: { code: 'ENABLED' } };
  const odd = { ...brand, slug: 'Odd Brand!', digital_denominations: ['a lot'] };
  const brands = await against(success({ brands: { good: brand, odd } }), (supplier) => supplier.brands());
  assert.deepEqual(brands.result.map(({ brandCode }) => brandCode), ['good']);
  const floats = {
    USD: { good: { available_balance: { amount: '5.00', currency: 'USD' } }, odd: { available_balance: null } },
  };
  const asked = await against(success({ floats }), (supplier) => supplier.floats());
  assert.deepEqual(asked.result.map(({ name, available }) => [name, available]), [['good', '5.00']]);
  const stock = await against(
    success({ good: { '10.00': '3' }, odd: { '10.00': 'plenty' } }),
    (supplier) => supplier.stock(),
  );
  assert.deepEqual(stock.result.map(({ brandCode, available }) => [brandCode, available]), [['good', 3]]);
  await assert.rejects(against(success({ brands: { odd } }), (supplier) => supplier.brands()));
});
