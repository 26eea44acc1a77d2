import { randomBytes } from 'node:crypto';
import { timeOut } from './faults.ts';
import { type Events, tellEvents } from './sendgrid_events.ts';
import type { StandIn, World } from './provider.ts';
import type { Message } from './store.ts';

interface Problem {
  message: string;
  field: string | null;
  help: string | null;
}

interface Personalization {
  to?: { email?: string }[];
  subject?: string;
  custom_args?: Record<string, string>;
  headers?: Record<string, string>;
}

interface Mail {
  personalizations?: Personalization[];
  from?: { email?: string };
  subject?: string;
  content?: { type?: string; value?: string }[];
  headers?: Record<string, string>;
  mail_settings?: { sandbox_mode?: { enable?: boolean } };
}

const MAX_PERSONALIZATIONS = 1000;
const MAX_ARGS_BYTES = 10_000;

const STATUS_WORDS: Record<number, string> = {
  401: 'The provided authorization grant is invalid, expired, or revoked',
  403: 'The from address does not match a verified Sender Identity.',
  413: 'The payload is too large.',
  429: 'too many requests',
};

/** SendGrid's mail send, and the message list of its Email Activity API. */
export function sendgrid(world: World, { apiKey, events }: { apiKey: string; events?: Events }): StandIn {
  return {
    prefix: '/v3/',
    async answer(request) {
      const url = new URL(request.url);
      if (request.headers.get('authorization') !== `Bearer ${apiKey}`) return refusal(401);
      if (url.pathname === '/v3/mail/send' && request.method === 'POST') return await send(world, request, events);
      if (url.pathname === '/v3/messages' && request.method === 'GET') return list(world, url.searchParams);
      return refusal(404);
    },
  };
}

async function send(world: World, request: Request, events: Events | undefined): Promise<Response> {
  const { store, faults } = world;
  const mail: Mail | null = await request.json().catch(() => null);
  const problems = mail ? problemsWith(mail) : [problem('Bad Request', null)];
  const to = mail?.personalizations?.[0]?.to?.[0]?.email ?? '';
  const fault = faults.take('sendgrid', to);
  timeOut(fault, 'before');
  if (fault && /^[45]\d\d$/.test(fault.kind)) return refusal(Number(fault.kind));
  if (!mail || problems.length > 0) return refusal(400, problems);
  if (mail.mail_settings?.sandbox_mode?.enable) return new Response(null, { status: 200 });

  const id = randomBytes(16).toString('base64url');
  mail.personalizations!.forEach((_, index) => {
    const message = store.add(messageOf(mail, index, id));
    if (events) tellEvents(world, events, message, fault);
  });
  timeOut(fault, 'after');
  return new Response(null, { status: 202, headers: { 'x-message-id': id } });
}

function problemsWith({ personalizations, from, subject, content }: Mail): Problem[] {
  const people = Array.isArray(personalizations) ? personalizations : [];
  const parts = Array.isArray(content) ? content : [];
  const rules: [holds: boolean, field: string, message: string][] = [
    [people.length > 0, 'personalizations', 'The personalizations field must have at least one personalization.'],
    [people.length <= MAX_PERSONALIZATIONS, 'personalizations', 'There are too many personalizations.'],
    [
      people.every(({ to }) => Boolean(to?.length)),
      'personalizations.0.to',
      'The to array must have at least one address.',
    ],
    [
      people.every(({ to = [] }) => to.every(isAddress)),
      'personalizations.0.to.0.email',
      'Does not contain a valid address.',
    ],
    [
      people.every(hasSmallArgs),
      'personalizations.0.custom_args',
      'The custom_args must be strings, 10000 bytes in all.',
    ],
    [isAddress(from), 'from.email', 'The from object requires the email parameter.'],
    [Boolean(subject) || people.every((one) => Boolean(one.subject)), 'subject', 'The subject is required.'],
    [parts.length > 0, 'content', 'The content must have at least one part.'],
    [
      parts.every(({ type, value }) => Boolean(type && value)),
      'content.0.value',
      'The value must have at least one character.',
    ],
  ];
  return rules.filter(([holds]) => !holds).map(([_, field, message]) => problem(message, field));
}

function hasSmallArgs({ custom_args: args = {} }: Personalization): boolean {
  return Object.values(args).every((value) => typeof value === 'string') &&
    JSON.stringify(args).length <= MAX_ARGS_BYTES;
}

function isAddress(person: { email?: string } | undefined): boolean {
  return /^[^@\s]+@[^@\s]+$/.test(person?.email ?? '');
}

function problem(message: string, field: string | null): Problem {
  return { message, field, help: null };
}

function refusal(status: number, errors = [problem(STATUS_WORDS[status] ?? 'An error has occurred.', null)]): Response {
  const headers = new Headers();
  if (status === 429) {
    headers.set('x-ratelimit-remaining', '0');
    headers.set('x-ratelimit-reset', String(Math.ceil(Date.now() / 1000) + 1));
  }
  return Response.json({ errors }, { status, headers });
}

function messageOf(mail: Mail, index: number, id: string): Message {
  const { to, subject, custom_args: tags } = mail.personalizations![index];
  const part = (type: string) => mail.content!.find((content) => content.type === type)?.value;
  const at = new Date().toISOString();
  return {
    provider: 'sendgrid',
    sid: index === 0 ? id : `${id}.${index}`,
    to: to![0].email!,
    from: mail.from!.email!,
    subject: subject ?? mail.subject!,
    body: part('text/plain') ?? '',
    html: part('text/html'),
    at,
    sentAt: at,
    status: 'delivered',
    errorCode: null,
    tags,
    headers: { ...mail.headers, ...mail.personalizations![index].headers },
  };
}

/** Understands the two queries that a look-up needs: by recipient and by custom argument. */
function list({ store }: World, query: URLSearchParams): Response {
  const [, name, value] = query.get('query')?.match(/^\(?(to_email|unique_args\['\w+'\])="([^"]*)"\)?$/) ?? [];
  if (query.has('query') && !name) return refusal(400, [problem('invalid filter', 'query')]);
  const argument = name?.match(/'(\w+)'/)?.[1];
  const found = store.list({ provider: 'sendgrid', to: name === 'to_email' ? value : undefined })
    .filter(({ tags }) => !argument || tags?.[argument] === value);
  return Response.json({
    messages: found.slice(0, Number(query.get('limit') ?? 10)).map((message) => ({
      from_email: message.from,
      msg_id: `${message.sid}.filter0001`,
      subject: message.subject,
      to_email: message.to,
      status: message.status,
      opens_count: 0,
      clicks_count: 0,
      last_event_time: message.at,
    })),
  });
}
