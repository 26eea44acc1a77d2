import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Faults, NoAnswer } from './faults.ts';
import { page } from './page.ts';
import { phones } from './phones.ts';
import type { StandIn, World } from './provider.ts';
import { sendgrid } from './sendgrid.ts';
import { eventsControl } from './sendgrid_events.ts';
import { Store } from './store.ts';
import { type Account as SupplierAccount, tillo } from './tillo.ts';
import { Books } from './tillo_books.ts';
import { tilloControl } from './tillo_control.ts';
import { stripe } from './stripe.ts';
import type { Account as StripeAccount } from './stripe_account.ts';
import { twilio } from './twilio.ts';
import { isLoopback } from './twilio_callbacks.ts';
import { webhooks } from './webhooks.ts';

/** Credentials that the sandbox accepts, and its port. */
export interface Settings {
  port?: number;
  twilioAccountSid: string;
  twilioAuthToken: string;
  sendgridApiKey: string;
  /** Accounts at Tillo, each below a path that begins with its name. */
  tilloAccounts: SupplierAccount[];
  /** The key that signs SendGrid's events. */
  sendgridWebhookKey?: string;
  /** Where providers send inbound messages and events; nowhere by default. */
  functionsUrl?: string;
  stripe: StripeAccount;
  file?: string;
}

/** A running sandbox. */
export interface Sandbox {
  url: string;
  close(): Promise<void>;
}

/** Starts the providers' stand-ins on one loopback port. */
export async function startSandbox(settings: Settings): Promise<Sandbox> {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const world: World = {
    store: new Store(settings.file),
    faults: new Faults(),
    later(milliseconds, work) {
      const timer = setTimeout(() => (timers.delete(timer), void work()), milliseconds);
      timers.add(timer);
    },
  };
  const books = settings.tilloAccounts.map(({ name }) => new Books(name, settings.file && `${settings.file}.tillo`));
  const { twilioAccountSid: accountSid, twilioAuthToken: authToken } = settings;
  // The sandbox sends nothing to other machines.
  const functionsUrl = isLoopback(settings.functionsUrl ?? '') ? settings.functionsUrl : undefined;
  const events = functionsUrl && settings.sendgridWebhookKey
    ? { url: `${functionsUrl}/sendgrid-events`, privateKey: settings.sendgridWebhookKey }
    : undefined;
  const account = { accountSid, authToken, inboundUrl: functionsUrl && `${functionsUrl}/twilio-inbound` };
  const standIns = [
    twilio(world, account),
    sendgrid(world, { apiKey: settings.sendgridApiKey, events }),
    eventsControl(events),
    webhooks(world),
    phones(world, account),
    ...settings.tilloAccounts.map((tilloAccount, index) => tillo(world, tilloAccount, books[index])),
    tilloControl(books),
    ...stripe(world, settings.stripe, settings.file),
  ];

  const server = createServer((incoming, outgoing) => void serve(world, standIns, incoming, outgoing));
  server.listen(settings.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      timers.forEach((timer) => clearTimeout(timer));
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// node:http and not Deno.serve, which cannot leave a request without an answer.
async function serve(world: World, standIns: StandIn[], incoming: IncomingMessage, outgoing: ServerResponse) {
  try {
    const response = await answer(world, standIns, await requestFrom(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(new Uint8Array(await response.arrayBuffer()));
  } catch (thrown) {
    if (!(thrown instanceof NoAnswer)) console.error('sandbox', thrown);
    world.later(thrown instanceof NoAnswer ? thrown.holdMs : 0, () => void incoming.socket.destroy());
  }
}

async function requestFrom(incoming: IncomingMessage): Promise<Request> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { method, headers, url } = incoming;
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    body: method === 'GET' || method === 'HEAD' ? undefined : new Blob(chunks as BlobPart[]),
  });
}

function answer(world: World, standIns: StandIn[], request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const standIn = standIns.find(({ prefix }) => pathname.startsWith(prefix));
  return standIn ? standIn.answer(request) : control(world, request);
}

/** The sandbox's own endpoints: messages that arrived, and faults to come. */
async function control({ store, faults }: World, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const to = addressIn(url);
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /':
      return page(store.list({ to }));
    case 'GET /_messages':
      return Response.json(store.list({ to, provider: url.searchParams.get('provider') ?? undefined }));
    case 'DELETE /_messages':
      store.clear(to);
      return new Response(null, { status: 204 });
    case 'GET /_faults':
      return Response.json(faults.list());
    case 'POST /_faults':
      try {
        return Response.json(faults.add(await request.json()), { status: 201 });
      } catch (error) {
        return Response.json({ error: String(error) }, { status: 400 });
      }
    case 'DELETE /_faults':
      faults.clear(to);
      return new Response(null, { status: 204 });
    default:
      return Response.json({ error: 'not found' }, { status: 404 });
  }
}

// In a query a plus means a space; in a phone number that was typed by hand it is a plus.
function addressIn(url: URL): string | undefined {
  return url.searchParams.get('to')?.replace(/^ /, '+');
}
