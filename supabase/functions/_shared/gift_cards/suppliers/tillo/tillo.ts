import type { Account, Order, Outcome, Supplier } from '../port.ts';
import { readBrands, readCard, readFloats, readReference, readStatus, readStock, saysNotFound } from './answers.ts';
import { type Meaning, meaningOf } from './codes.ts';
import { NoReply, type Reply, send } from './http.ts';

const DEFAULT_SECTOR = 'consumer-rewards-and-incentives';

const DONE = '000';

// Ids have at most fifty characters.
const REVERSAL = '-r';

/** Digital gift cards by Tillo's API, version 2. */
export function tillo(account: Account): Supplier {
  return {
    issue: (order) =>
      settle(() => post('digital/issue', order.clientRequestId, order), (reply) => issued(reply, order)),
    order: (order) =>
      settle(() => post('digital/order-card', order.clientRequestId, order), (reply) => ordered(reply, order)),
    orderStatus: (order) => settle(() => askFor(order), (reply) => statusOf(reply, order)),
    // The same id each time, so that a reversal whose answer was lost is not taken for a second one.
    reverse: (order) =>
      settle(
        () =>
          post('digital/reverse', order.clientRequestId + REVERSAL, order, {
            original_client_request_id: order.clientRequestId,
          }),
        reversed,
      ),
    floats: async (currency) =>
      readFloats(await dataOf(send(account, { method: 'GET', path: 'check-floats', query: { currency } }))),
    brands: async (brand) =>
      readBrands(await dataOf(send(account, { method: 'GET', path: 'brands', brand, query: { brand } }))),
    stock: async (brand) =>
      readStock(await dataOf(send(account, { method: 'GET', path: 'check-stock', brand, query: { brand } }))),
  };

  function post(path: string, clientRequestId: string, order: Order, over?: Record<string, unknown>): Promise<Reply> {
    const body = {
      client_request_id: clientRequestId,
      brand: order.brandCode,
      face_value: { amount: order.amount, currency: order.currency },
      sector: order.sector ?? (account.sector || DEFAULT_SECTOR),
      ...(over ?? { delivery_method: order.deliveryMethod, fulfilment_by: 'partner' }),
    };
    return send(account, { method: 'POST', path, clientRequestId, brand: order.brandCode, body });
  }

  function askFor({ reference, clientRequestId }: Order): Promise<Reply> {
    const query = reference ? { reference } : { original_client_request_id: clientRequestId };
    return send(account, { method: 'GET', path: 'digital/order-status', query });
  }
}

/** Turns any answer into an outcome; no answer leaves it open. */
async function settle(call: () => Promise<Reply>, read: (reply: Reply) => Outcome): Promise<Outcome> {
  try {
    return read(await call());
  } catch (error) {
    const supplierCode = error instanceof NoReply ? error.kind : 'not_sent';
    return { outcome: 'unknown', supplierCode, message: 'Tillo did not answer as documented' };
  }
}

function issued({ status, code, data }: Reply, order: Order): Outcome {
  return code === DONE ? cardOf(data, order) : refused(code, status, OF_AN_ORDER);
}

function ordered({ status, code, data }: Reply, order: Order): Outcome {
  if (code !== DONE) return refused(code, status, OF_AN_ORDER);
  const reference = readReference(data, order);
  return reference
    ? { outcome: 'ordered', supplierCode: code, reference }
    : { outcome: 'unknown', supplierCode: code, message: 'Tillo took an order other than ours: a person must look' };
}

function statusOf({ status, code, data }: Reply, order: Order): Outcome {
  if (code === '433' && saysNotFound(data)) return { outcome: 'not_found', supplierCode: code };
  if (code !== DONE) return refused(code, status, OF_A_QUESTION);
  const state = readStatus(data);
  const said = { supplierCode: state?.status.toLowerCase() ?? code, reference: state?.reference || undefined };
  switch (state?.status) {
    case 'SUCCESS':
      return cardOf(data, order);
    // A failed order comes in a successful response.
    case 'ERROR':
    case 'CANCELLED':
      return { outcome: 'declined', ...said, message: 'Tillo could not make the card' };
    case undefined:
      return { outcome: 'unknown', ...said, message: 'Tillo answered without a status' };
    default:
      return { outcome: 'ordered', ...said };
  }
}

function reversed({ status, code }: Reply): Outcome {
  return code === DONE ? { outcome: 'reversed', supplierCode: code } : refused(code, status, OF_A_QUESTION);
}

const PROBLEMS = {
  unreadable: 'Tillo issued a card in a form that is not known',
  another_brand: 'Tillo issued a card of another brand than ordered: a person must look',
  another_value: 'Tillo issued a card of another value than ordered: a person must look',
  no_card: 'Tillo issued a card without its code',
};

// A card was issued, but not the ordered one: it is never claimed, and it stays recorded.
function cardOf(data: unknown, order: Order): Outcome {
  const answer = readCard(data, order);
  return 'problem' in answer
    ? { outcome: 'unknown', supplierCode: answer.problem, message: PROBLEMS[answer.problem] }
    : { outcome: 'issued', supplierCode: DONE, ...answer };
}

/** What a refusal settles: for an order, that nothing was issued; for a status call or a reversal, nothing. */
const OF_AN_ORDER: Record<Meaning, 'declined' | 'short' | 'unknown' | 'not_found'> = {
  final: 'declined',
  short: 'short',
  again: 'unknown',
  none: 'declined',
};
const OF_A_QUESTION: typeof OF_AN_ORDER = { final: 'unknown', short: 'unknown', again: 'unknown', none: 'not_found' };

function refused(code: string, status: number, settles: typeof OF_AN_ORDER): Outcome {
  const { meaning, words } = meaningOf(code, status);
  return { outcome: settles[meaning], supplierCode: code, message: words };
}

async function dataOf(reply: Promise<Reply>): Promise<unknown> {
  const { code, status, data } = await reply;
  if (code === DONE) return data;
  throw new Error(`Tillo answered with ${code}: ${meaningOf(code, status).words}`);
}
