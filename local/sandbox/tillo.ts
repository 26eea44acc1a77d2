import { createHmac } from 'node:crypto';
import { type Fault, timeOut } from './faults.ts';
import type { StandIn, World } from './provider.ts';
import { type Answer, type Books, type Brand, newCard, type Sale } from './tillo_books.ts';
import { refusal, success } from './tillo_errors.ts';

/** An account at Tillo; each is reached below a path of its own. */
export interface Account {
  name: string;
  apiKey: string;
  secretKey: string;
}

/** The body of a request to issue or reverse a card. */
interface Body {
  client_request_id: string;
  original_client_request_id?: string;
  brand: string;
  face_value: { amount: string; currency: string };
  delivery_method?: string;
  sector: string;
}

const SECTORS = [
  'customer-acquisition',
  'consumer-rewards-and-incentives',
  'reward-recognition',
  'voluntary-benefits',
  'gift-card-mall',
  'marketplace',
];

const REVERSAL_HOURS = 48;

/** How long an order stays in each state before the card is there. */
const STATES: [untilMs: number, state: string][] = [[150, 'REQUESTED'], [300, 'PENDING'], [450, 'PROCESSING']];

/** Digital gift cards as Tillo's API v2 sells them. */
export function tillo({ faults }: World, account: Account, books: Books): StandIn {
  const prefix = `/${account.name}/api/v2/`;
  return {
    prefix,
    async answer(request) {
      const url = new URL(request.url);
      const path = url.pathname.slice(prefix.length);
      const body: Body | null = request.method === 'GET' ? null : await request.json().catch(() => null);
      const brand = body?.brand ?? url.searchParams.get('brand') ?? undefined;
      const fault = faults.take(account.name, faultKey(path, brand ?? brandOf(books, url)));
      timeOut(fault, 'before');
      const early = faultResponse(fault);
      if (early) return early;
      if (!isSigned(account, request, path, body, brand)) return responseOf(refusal('434'));
      const answer = answerTo(books, `${request.method} ${path}`, url.searchParams, body, fault);
      timeOut(fault, 'after');
      return fault?.kind.endsWith('_after_accepting') ? lost(fault) : responseOf(spoilt(answer, fault));
    },
  };
}

/** A fault names a brand; calls other than for a card go by their own name before it, as `reverse:amazon`. */
function faultKey(path: string, brand = ''): string {
  return path === 'digital/issue' || path === 'digital/order-card' ? brand : `${path.replace('digital/', '')}:${brand}`;
}

function brandOf(books: Books, { searchParams }: URL): string | undefined {
  return saleOf(books, searchParams)?.brand;
}

/** Verifies the signature of a request in its simplified or full form. */
function isSigned({ apiKey, secretKey }: Account, request: Request, path: string, body: Body | null, brand?: string) {
  const [key, signature, timestamp] = ['api-key', 'signature', 'timestamp'].map((name) => request.headers.get(name));
  if (key !== apiKey || !signature || !/^\d{13}$/.test(timestamp ?? '')) return false;
  const start = [apiKey, request.method, path.split('/').join('-'), body?.client_request_id, brand];
  const full = [...start, body?.face_value?.currency, body?.face_value?.amount];
  return [start, full].some((parts) => {
    const text = [...parts, timestamp].filter((part) => part !== undefined).join('-');
    return createHmac('sha256', secretKey).update(text).digest('hex') === signature;
  });
}

function answerTo(books: Books, call: string, query: URLSearchParams, body: Body | null, fault?: Fault): Answer {
  switch (call) {
    case 'POST digital/issue':
      return sell(books, body, false, fault);
    case 'POST digital/order-card':
      return sell(books, body, true, fault);
    case 'GET digital/order-status':
      return statusOf(books, query);
    case 'POST digital/reverse':
      return reverse(books, body);
    case 'GET check-floats':
      return success('Floats', floatsOf(books, query.get('currency')));
    case 'GET brands':
      return success('Brands information', brandsOf(books, query.get('brand')));
    case 'GET check-stock':
      return success('Stock levels', stockOf(books, query.get('brand')));
    default:
      return { ...refusal('999'), status: 404 };
  }
}

/** Issues or orders a card; the same id returns the first answer. */
function sell(books: Books, body: Body | null, isOrder: boolean, fault?: Fault): Answer {
  const problem = problemWith(body);
  if (!body || problem) return problem ?? refusal('070');
  const { client_request_id: clientRequestId, face_value: { amount, currency } } = body;
  const asked = `${isOrder} ${body.brand} ${Number(amount)} ${currency}`;
  const before = books.answers.get(clientRequestId);
  if (before) return before.asked === asked ? before.answer : refusal('708');
  const brand = books.brands.get(body.brand);
  const refused = refusalFor(books, brand, body, isOrder);
  if (!brand || refused) return refused ?? refusal('072');

  const value = (fault?.kind === 'wrong_value' ? Number(amount) * 2 : Number(amount)).toFixed(2);
  const sale: Sale = {
    clientRequestId,
    ...newCard(brand.slug),
    ...(fault?.kind === 'payment_card' ? { code: '4111111111111111' } : {}),
    brand: brand.slug,
    amount: value,
    currency,
    cost: costOf(value, brand),
    isOrder,
    deliveryMethod: body.delivery_method!,
    at: Date.now(),
    status: 'issued',
  };
  const data = {
    ...(isOrder ? { brand: brand.slug, reference: sale.reference } : cardOf(sale, brand)),
    ...moneyOf(sale, brand),
  };
  const answer = success(isOrder ? 'Card ordered successfully' : 'Gift code generated', data);
  books.sell(sale, asked, answer);
  if (fault?.kind === 'order_error') books.giveBack(sale, 'failed');
  return answer;
}

function problemWith(body: Body | null): Answer | null {
  if (!body) return refusal('070');
  const { client_request_id: id, brand, face_value: value, sector } = body;
  if (!/^[A-Za-z0-9_-]{5,50}$/.test(id ?? '')) return refusal('433', { client_request_id: ['Invalid'] });
  if (!/^[a-z0-9-]+$/.test(brand ?? '')) return refusal('433', { brand: ['Invalid'] });
  if (!/^\d+(\.\d{1,2})?$/.test(String(value?.amount))) return refusal('704', { amount: 'Invalid' });
  if (!/^[A-Z]{3}$/.test(value?.currency ?? '')) return refusal('433', { currency: ['Invalid'] });
  return SECTORS.includes(sector) ? null : refusal('704', { sector: 'The sector is invalid' });
}

function refusalFor(books: Books, brand: Brand | undefined, body: Body, isOrder: boolean): Answer | null {
  if (!brand) return refusal('072');
  const { amount, currency } = body.face_value;
  const value = Number(amount).toFixed(2);
  if (!brand.isEnabled) return refusal('706');
  if (brand.currency !== currency) return refusal('723');
  if (brand.isAsynchronous !== isOrder) return refusal('720');
  if (!brand.deliveryMethods.includes(body.delivery_method ?? '')) return refusal('713');
  const isSold = brand.denominations.length ? brand.denominations.includes(value) : +value >= 1 && +value <= 1000;
  if (!isSold) return refusal('704', { amount: 'Denomination not available' });
  if (brand.stock && !(brand.stock[value] > 0)) return refusal('725');
  return books.floatOf(currency) < costOf(value, brand) ? refusal('610') : null;
}

function statusOf(books: Books, query: URLSearchParams): Answer {
  if (query.has('reference') === query.has('original_client_request_id')) return refusal('433');
  const sale = saleOf(books, query);
  if (!sale?.isOrder) return refusal('433', { reference: 'The sale could not be found.' });
  const { reference } = sale;
  if (sale.status === 'failed') return success('Order failed to process', { reference, status: 'ERROR' });
  if (sale.status === 'reversed') return success('Order was cancelled', { reference, status: 'CANCELLED' });
  const state = stateOf(sale);
  if (state) return success('Order is still processing', { reference, status: state });
  const brand = books.brands.get(sale.brand)!;
  return success('Order has finished processing', {
    status: 'SUCCESS',
    ...cardOf(sale, brand),
    ...moneyOf(sale, brand),
  });
}

/** The state of a pending order. */
function stateOf({ isOrder, at }: Sale): string | undefined {
  return isOrder ? STATES.find(([untilMs]) => Date.now() - at < untilMs)?.[1] : undefined;
}

function reverse(books: Books, body: Body | null): Answer {
  const problem = problemWith(body);
  if (!body || problem) return problem ?? refusal('070');
  const before = books.answers.get(body.client_request_id);
  if (before) return before.asked === body.original_client_request_id ? before.answer : refusal('708');
  const sale = books.sales.get(body.original_client_request_id ?? '');
  if (!sale || sale.brand !== body.brand) return refusal('724');
  if (!books.brands.get(sale.brand)!.isReversible) return refusal('720');
  if (sale.status !== 'issued' || stateOf(sale) || hoursSince(sale) > REVERSAL_HOURS) return refusal('100');
  const answer = success('Card cancelled successfully', { reference: sale.reference });
  books.giveBack(sale, 'reversed', { clientRequestId: body.client_request_id, answer });
  return answer;
}

function saleOf(books: Books, query: URLSearchParams): Sale | undefined {
  const [reference, id] = ['reference', 'original_client_request_id'].map((name) => query.get(name));
  return id ? books.sales.get(id) : [...books.sales.values()].find((sale) => reference && sale.reference === reference);
}

function hoursSince({ at }: Sale): number {
  return (Date.now() - at) / 3_600_000;
}

function cardOf(
  { brand, reference, code, pin, deliveryMethod }: Sale,
  { hasSecurityCode }: Brand,
): Record<string, unknown> {
  const beside = hasSecurityCode ? { security_code: pin, serial_number: `SN-${reference.slice(0, 8)}` } : { pin };
  const secrets = deliveryMethod === 'url' ? { url: `https://cards.example/${code}` } : { code, ...beside };
  return { brand, reference, ...secrets, expiration_date: '2035-12-31T23:59:59+00:00' };
}

function moneyOf({ amount, currency, cost }: Sale, { discount }: Brand): Record<string, unknown> {
  return {
    face_value: { amount: Number(amount), currency },
    cost_value: { amount: cost / 100, currency },
    discount,
  };
}

function costOf(amount: string, { discount }: Brand): number {
  return Math.round(Number(amount) * (100 - discount));
}

function floatsOf(books: Books, currency: string | null): Record<string, unknown> {
  const currencies = currency ? [currency] : [...new Set(['USD', 'GBP', 'EUR', ...books.floats.keys()])];
  const money = (cents: number, currency: string) => ({ amount: cents / 100, currency });
  return {
    floats: Object.fromEntries(currencies.map((name) => [name, {
      'universal-float': { available_balance: money(books.floatOf(name), name), pending_payments: money(0, name) },
    }])),
    last_refreshed_at: new Date().toISOString(),
  };
}

function brandsOf(books: Books, slug: string | null): Record<string, unknown> {
  const found = [...books.brands.values()].filter((brand) => !slug || brand.slug === slug);
  const brands = found.map((brand) => [brand.slug, {
    slug: brand.slug,
    name: brand.name,
    type: 'gift-card',
    status: { code: brand.isEnabled ? 'ENABLED' : 'DISABLED' },
    currency: brand.currency,
    discount: brand.discount,
    transaction_types: ['digital_issuance', ...(brand.isReversible ? ['cancelled_digital_issuance'] : [])],
    delivery_methods: brand.deliveryMethods,
    countries_served: ['US'],
    gc_pool: brand.stock !== null,
    async_only: brand.isAsynchronous,
    ...(brand.denominations.length
      ? { digital_denominations: brand.denominations.map(Number) }
      : { digital_face_value_limits: { lower: 1, upper: 1000, minor_unit: 0.01 } }),
  }]);
  // An empty list is a list, as PHP writes it.
  return { brands: found.length ? Object.fromEntries(brands) : [], last_refreshed_at: new Date().toISOString() };
}

function stockOf(books: Books, slug: string | null): Record<string, unknown> {
  const kept = [...books.brands.values()].filter(({ stock, slug: own }) => stock && (!slug || own === slug));
  return Object.fromEntries(kept.map((brand) => [
    brand.slug,
    Object.fromEntries(Object.entries(brand.stock!).map(([value, left]) => [value, left > 0 ? String(left) : 'OUT'])),
  ]));
}

/** The answer of a fault before anything is accepted. */
function faultResponse(fault: Fault | undefined): Response | null {
  const kind = fault?.kind ?? '';
  // These two come from a proxy before Tillo and have no body.
  if (kind === '502' || kind === '504') return new Response(null, { status: Number(kind) });
  if (/^\d{3}$/.test(kind)) return responseOf(refusal(kind));
  if (kind === 'html') return new Response('<h1>Sorry</h1>', { status: 503, headers: { 'content-type': 'text/html' } });
  if (kind === 'redirect') return new Response(null, { status: 307, headers: { location: 'http://127.0.0.1:1/' } });
  return null;
}

/** A card was issued, but the proxy before Tillo fails to answer. */
function lost({ kind }: Fault): Response {
  return new Response(null, { status: kind.startsWith('504') ? 504 : 502 });
}

/** The answer after a fault has changed it. */
function spoilt(answer: Answer, fault: Fault | undefined): Answer {
  const data = answer.body.data as Record<string, unknown>;
  switch (fault?.kind) {
    case 'wrong_currency':
      return { ...answer, body: { ...answer.body, data: { ...data, face_value: { amount: 25, currency: 'GBP' } } } };
    case 'wrong_brand':
      return { ...answer, body: { ...answer.body, data: { ...data, brand: 'another' } } };
    case 'no_code':
      return { ...answer, body: { ...answer.body, data: { ...data, code: undefined, url: undefined } } };
    default:
      return answer;
  }
}

function responseOf({ status, body }: Answer): Response {
  return Response.json(body, { status });
}
