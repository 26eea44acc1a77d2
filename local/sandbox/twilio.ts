import { randomBytes } from 'node:crypto';
import { type Fault, timeOut } from './faults.ts';
import type { StandIn, World } from './provider.ts';
import type { Message } from './store.ts';
import type { Account } from './twilio_account.ts';
import { callBack, isLoopback } from './twilio_callbacks.ts';
import { MAGIC_FROM, MAGIC_TO, REFUSALS } from './twilio_errors.ts';

const VERSION = '2010-04-01';
const MAX_BODY_LENGTH = 1600;

/** Twilio's Messages resource. */
export function twilio(world: World, account: Account): StandIn {
  const root = `/${VERSION}/Accounts/${account.accountSid}/Messages`;
  const basic = `Basic ${btoa(`${account.accountSid}:${account.authToken}`)}`;
  return {
    prefix: `/${VERSION}/`,
    async answer(request) {
      const url = new URL(request.url);
      if (request.headers.get('authorization') !== basic) return refusal(20003);
      const sid = url.pathname.match(/\/Messages\/(\w+)\.json$/)?.[1];
      if (url.pathname === `${root}.json` && request.method === 'POST') {
        return create(world, account, new URLSearchParams(await request.text()));
      }
      if (url.pathname === `${root}.json` && request.method === 'GET') return list(world, account, url);
      if (sid && url.pathname === `${root}/${sid}.json` && request.method === 'GET') return fetch(world, account, sid);
      return refusal(20404);
    },
  };
}

function create(world: World, account: Account, form: URLSearchParams): Response {
  const to = form.get('To') ?? '';
  const from = form.get('From') ?? '';
  const fault = world.faults.take('twilio', to);
  timeOut(fault, 'before');
  const code = faultCode(fault) ?? problemWith(form) ?? (world.store.isBlocked(to) ? 21610 : undefined);
  if (code) return refusal(code, { to, from });

  const message = world.store.add({
    provider: 'twilio',
    sid: `SM${randomBytes(16).toString('hex')}`,
    to,
    from,
    body: form.get('Body')!,
    at: new Date().toISOString(),
    sentAt: null,
    status: 'queued',
    errorCode: null,
  });
  callBack(world, account, message, form.get('StatusCallback'), fault);
  timeOut(fault, 'after');
  return Response.json(resource(account, message), { status: 201 });
}

/** The error code for magic numbers and bad parameters. */
function problemWith(form: URLSearchParams): number | undefined {
  const [to, from, body, callback] = ['To', 'From', 'Body', 'StatusCallback'].map((name) => form.get(name));
  if (!to) return 21604;
  if (!from && !form.get('MessagingServiceSid')) return 21603;
  if (!body) return 21602;
  if (body.length > MAX_BODY_LENGTH) return 21617;
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return 21211;
  // The sandbox sends nothing to other machines, callbacks neither.
  if (callback && !isLoopback(callback)) return 21609;
  return MAGIC_TO[to] ?? MAGIC_FROM[from ?? ''];
}

// A fault names one of Twilio's codes, or an HTTP status, for which Twilio has codes such as 20429.
function faultCode(fault: Fault | undefined): number | undefined {
  const kind = fault?.kind ?? '';
  if (/^\d{3}$/.test(kind)) return 20000 + Number(kind);
  return /^\d{5}$/.test(kind) ? Number(kind) : undefined;
}

function refusal(code: number, numbers: { to?: string; from?: string } = {}): Response {
  const isStatus = code >= 20400 && code < 20600;
  const { status, message } = REFUSALS[code] ?? { status: isStatus ? code - 20000 : 400, message: `Error ${code}` };
  const words = message.replace('{to}', numbers.to ?? '').replace('{from}', numbers.from ?? '');
  const body = { code, message: words, more_info: `https://www.twilio.com/docs/errors/${code}`, status };
  return Response.json(body, { status });
}

function fetch({ store }: World, account: Account, sid: string): Response {
  const message = store.get(sid);
  return message ? Response.json(resource(account, message)) : refusal(20404);
}

function list({ store }: World, account: Account, url: URL): Response {
  const query = url.searchParams;
  const size = Math.min(Number(query.get('PageSize') ?? 50), 1000);
  const page = Number(query.get('Page') ?? 0);
  const found = store
    .list({ provider: 'twilio', to: query.get('To') ?? undefined, from: query.get('From') ?? undefined })
    .filter((message) => isSentWithin(message, query));
  const messages = found.slice(page * size, (page + 1) * size);

  const uriOf = (number: number) => {
    const there = new URL(url);
    there.searchParams.set('PageSize', String(size));
    there.searchParams.set('Page', String(number));
    return there.pathname + there.search;
  };
  return Response.json({
    messages: messages.map((message) => resource(account, message)),
    page,
    page_size: size,
    start: page * size,
    end: page * size + Math.max(messages.length - 1, 0),
    uri: uriOf(page),
    first_page_uri: uriOf(0),
    next_page_uri: found.length > (page + 1) * size ? uriOf(page + 1) : null,
    previous_page_uri: page > 0 ? uriOf(page - 1) : null,
  });
}

// Only the date counts, and queued messages have none, so a filter by date hides them.
function isSentWithin({ sentAt }: Message, query: URLSearchParams): boolean {
  const [on, notAfter, notBefore] = ['DateSent', 'DateSent<', 'DateSent>'].map((name) => query.get(name)?.slice(0, 10));
  if (!on && !notAfter && !notBefore) return true;
  const day = sentAt?.slice(0, 10);
  return day !== undefined && (!on || day === on) && (!notAfter || day <= notAfter) && (!notBefore || day >= notBefore);
}

function resource({ accountSid }: Account, message: Message) {
  const { sid, to, from, body, at, sentAt, status, errorCode } = message;
  const uri = `/${VERSION}/Accounts/${accountSid}/Messages/${sid}`;
  return {
    account_sid: accountSid,
    api_version: VERSION,
    body,
    date_created: rfc2822(at),
    date_sent: sentAt && rfc2822(sentAt),
    date_updated: rfc2822(sentAt ?? at),
    direction: 'outbound-api',
    error_code: errorCode,
    error_message: null,
    from,
    messaging_service_sid: null,
    num_media: '0',
    num_segments: String(segmentsOf(body)),
    price: null,
    price_unit: 'USD',
    sid,
    status,
    subresource_uris: { media: `${uri}/Media.json` },
    to,
    uri: `${uri}.json`,
  };
}

function rfc2822(iso: string): string {
  return new Date(iso).toUTCString().replace('GMT', '+0000');
}

// Texts outside ASCII travel as UCS-2 and hold less; close enough to the GSM alphabet for a sandbox.
function segmentsOf(body: string): number {
  const [single, part] = [...body].every((character) => character < '\u0080') ? [160, 153] : [70, 67];
  return body.length <= single ? 1 : Math.ceil(body.length / part);
}
