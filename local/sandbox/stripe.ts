import { randomBytes } from 'node:crypto';
import { type Fault, timeOut } from './faults.ts';
import type { StandIn, World } from './provider.ts';
import type { Account } from './stripe_account.ts';
import { announce, type Order } from './stripe_events.ts';
import { type Intent, type Refund, Resources } from './stripe_resources.ts';

/** The stand-in's state. */
interface State {
  world: World;
  account: Account;
  resources: Resources;
}

const DECLINED = 'pm_card_chargeDeclined';
const ENDED = ['succeeded', 'canceled'];
const MINIMUM = 50;

/** Stripe's PaymentIntents and Refunds, and control endpoints by which a test acts as the customer's bank. */
export function stripe(world: World, account: Account, file?: string): StandIn[] {
  const state = { world, account, resources: new Resources(file && `${file}.stripe`) };
  return [
    { prefix: '/v1/', answer: (request) => answerApi(state, request) },
    { prefix: '/_stripe/', answer: (request) => answerControl(state, request) },
  ];
}

async function answerApi(state: State, request: Request): Promise<Response> {
  if (request.headers.get('authorization') !== `Bearer ${state.account.secretKey}`) {
    return refusal(401, 'invalid_request_error', undefined, 'Invalid API Key provided');
  }
  const url = new URL(request.url);
  const route = `${request.method} ${url.pathname}`;
  if (request.method === 'GET') return read(state, route, url.searchParams);
  const text = await request.text();
  const key = request.headers.get('idempotency-key');
  const known = key ? state.resources.answerTo(key) : undefined;
  if (known && known.request !== route + text) {
    return refusal(
      400,
      'idempotency_error',
      undefined,
      'Keys for idempotent requests can only be used with the same parameters',
    );
  }
  const form = new URLSearchParams(text);
  const fault = faultOf(state, route, form);
  timeOut(fault, 'before');
  if (fault && /^[45]\d\d$/.test(fault.kind)) {
    return refusal(Number(fault.kind), 'api_error', undefined, 'A fault was ordered');
  }
  const answer = known ?? { request: route + text, ...write(state, route, form) };
  if (key) state.resources.keepAnswer(key, answer);
  timeOut(fault, 'after');
  return Response.json(answer.body, { status: answer.status });
}

type Written = { status: number; body: unknown };

function write(state: State, route: string, form: URLSearchParams): Written {
  if (route === 'POST /v1/payment_intents') return createIntent(state, form);
  if (route === 'POST /v1/refunds') return createRefund(state, form);
  const [, id, action] = route.match(/^POST \/v1\/payment_intents\/(\w+)\/(cancel|confirm)$/) ?? [];
  const intent = state.resources.intent(id);
  if (!intent) return missing();
  return action === 'cancel' ? cancel(state, intent) : confirm(state, intent, form);
}

function read(state: State, route: string, query: URLSearchParams): Response {
  const { resources } = state;
  const [, kind, id] = route.match(/^GET \/v1\/(payment_intents|refunds)(?:\/(\w+))?$/) ?? [];
  const fault = faultOf(state, route, query);
  timeOut(fault, 'before');
  if (fault && /^[45]\d\d$/.test(fault.kind)) {
    return refusal(Number(fault.kind), 'api_error', undefined, 'A fault was ordered');
  }
  if (kind === 'refunds' && !id) {
    const data = resources.refunds(query.get('payment_intent') ?? undefined);
    return Response.json({ object: 'list', data, has_more: false, url: '/v1/refunds' });
  }
  const found = kind === 'payment_intents' ? resources.intent(id) : resources.refund(id);
  return found ? Response.json(found) : Response.json(missing().body, { status: 404 });
}

function createIntent({ resources }: State, form: URLSearchParams): Written {
  const amount = Number(form.get('amount'));
  if (!Number.isInteger(amount)) return invalid('parameter_invalid_integer', 'Invalid integer: amount');
  if (amount < MINIMUM) return invalid('amount_too_small', 'Amount must be at least 50 cents');
  const id = `pi_${randomBytes(12).toString('hex')}`;
  const intent: Intent = {
    id,
    object: 'payment_intent',
    amount,
    amount_received: 0,
    currency: form.get('currency') ?? '',
    status: 'requires_payment_method',
    client_secret: `${id}_secret_${randomBytes(12).toString('hex')}`,
    livemode: false,
    created: seconds(),
    last_payment_error: null,
    metadata: metadataIn(form),
  };
  return { status: 200, body: resources.keep(intent) };
}

function cancel(state: State, intent: Intent): Written {
  if (intent.status !== 'requires_payment_method' && intent.status !== 'requires_confirmation') {
    return invalid('payment_intent_unexpected_state', `This PaymentIntent is ${intent.status}`);
  }
  return { status: 200, body: move(state, intent, { status: 'canceled' }, {}) };
}

function confirm(state: State, intent: Intent, form: URLSearchParams): Written {
  if (ENDED.includes(intent.status)) {
    return invalid('payment_intent_unexpected_state', `This PaymentIntent is ${intent.status}`);
  }
  if (form.get('payment_method') === DECLINED) {
    const failed = move(state, intent, {
      last_payment_error: { code: 'card_declined', decline_code: 'generic_decline' },
    }, {});
    const error = {
      type: 'card_error',
      code: 'card_declined',
      message: 'Your card was declined.',
      payment_intent: failed,
    };
    return { status: 402, body: { error } };
  }
  return { status: 200, body: move(state, intent, paid(intent), {}) };
}

function createRefund(state: State, form: URLSearchParams): Written {
  const { resources } = state;
  const intent = resources.intent(form.get('payment_intent') ?? '');
  if (!intent) return missing();
  const before = resources.refunds(intent.id).reduce((sum, { amount }) => sum + amount, 0);
  const amount = Number(form.get('amount') ?? intent.amount_received - before);
  if (before + amount > intent.amount_received) {
    return invalid('charge_already_refunded', 'The refund is greater than what remains');
  }
  const refund: Refund = {
    id: `re_${randomBytes(12).toString('hex')}`,
    object: 'refund',
    amount,
    currency: intent.currency,
    payment_intent: intent.id,
    status: 'succeeded',
    created: seconds(),
    metadata: metadataIn(form),
  };
  resources.keep(refund);
  const charge = {
    ...chargeOf(intent),
    amount_refunded: before + amount,
    refunded: before + amount === intent.amount_received,
  };
  announce(state.world, state.account, 'charge.refunded', charge, {});
  return { status: 200, body: refund };
}

/** Acts as the bank: `POST /_stripe/payment_intents/<id>/<succeed|fail|process|cancel|dispute>`; `GET` lists payments. */
async function answerControl(state: State, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const route = `${request.method} ${url.pathname}`;
  if (route === 'GET /_stripe/payment_intents') {
    return Response.json(state.resources.intents(url.searchParams.get('client') ?? undefined));
  }
  if (route === 'GET /_stripe/refunds') return Response.json(state.resources.refunds());
  const order: Order & Record<string, unknown> = await request.json().catch(() => ({}));
  if (route === 'POST /_stripe/events') {
    return Response.json(announce(state.world, state.account, String(order.type), order.object, order));
  }
  const [, id, action] = route.match(/^POST \/_stripe\/payment_intents\/(\w+)\/(\w+)$/) ?? [];
  const intent = state.resources.intent(id);
  if (!intent) return Response.json({ error: 'not found' }, { status: 404 });
  if (action === 'dispute') {
    const dispute = {
      id: 'dp_1',
      object: 'dispute',
      amount: intent.amount,
      currency: intent.currency,
      reason: 'fraudulent',
    };
    return Response.json(
      announce(state.world, state.account, 'charge.dispute.created', { ...dispute, payment_intent: id }, order),
    );
  }
  const changes: Record<string, Partial<Intent>> = {
    succeed: paid(intent),
    fail: { last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' } },
    process: { status: 'processing' },
    cancel: { status: 'canceled' },
  };
  if (!changes[action]) return Response.json({ error: 'unknown action' }, { status: 400 });
  return Response.json(move(state, intent, { ...changes[action], ...order.change }, order));
}

/** Changes a payment and sends its event, as often as ordered. */
function move({ world, account, resources }: State, intent: Intent, change: Partial<Intent>, order: Order): Intent {
  const moved = resources.keep({ ...intent, ...change });
  announce(world, account, eventFor(change), moved, order);
  return moved;
}

function eventFor({ status, last_payment_error }: Partial<Intent>): string {
  return last_payment_error ? 'payment_intent.payment_failed' : `payment_intent.${status}`;
}

function paid({ amount }: Intent): Partial<Intent> {
  return { status: 'succeeded', amount_received: amount };
}

function chargeOf({ id, amount, currency }: Intent) {
  return { id: `ch_${id.slice(3)}`, object: 'charge', amount, currency, payment_intent: id, livemode: false };
}

// Faults are ordered for a client, or for one kind of its calls: `<client>/create`, `/retrieve`, `/cancel`, `/refund`.
function faultOf({ world, resources }: State, route: string, form: URLSearchParams): Fault | undefined {
  const id = route.match(/\/payment_intents\/(\w+)/)?.[1] ?? form.get('payment_intent');
  const client = form.get('metadata[client_id]') ?? resources.intent(id ?? '')?.metadata.client_id ?? '';
  const operation = route.startsWith('GET') ? 'retrieve' : route.match(/(cancel|confirm|refund)/)?.[1] ?? 'create';
  return world.faults.take('stripe', `${client}/${operation}`);
}

function metadataIn(form: URLSearchParams): Record<string, string> {
  const entries = [...form].map(([name, value]) => [name.match(/^metadata\[(\w+)\]$/)?.[1], value]);
  return Object.fromEntries(entries.filter(([name]) => name));
}

function invalid(code: string, message: string): Written {
  return { status: 400, body: { error: { type: 'invalid_request_error', code, message } } };
}

function missing(): Written {
  return {
    status: 404,
    body: { error: { type: 'invalid_request_error', code: 'resource_missing', message: 'No such object' } },
  };
}

function refusal(status: number, type: string, code: string | undefined, message: string): Response {
  return Response.json({ error: { type, code, message } }, { status });
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
