import { Webhook } from 'standardwebhooks';
import { sql } from './database.ts';
import { eventually } from './eventually.ts';
import type { Person } from './people.ts';
import { stack } from './stack.ts';

/** What a receiver was sent, signature and all. */
export interface Received {
  body: string;
  /** The status it answered with. */
  status: string;
  tags: Record<string, string>;
}

/** A receiver in the sandbox, whose endpoint a client's admin has made. */
export interface Hook {
  name: string;
  endpointId: string;
  secret: string;
}

/** Has an admin make an endpoint at a receiver of its own. */
export async function hookOf({ client }: Person, clientId: string, events?: string[]): Promise<Hook> {
  const name = crypto.randomUUID();
  const url = `${stack.sandboxUrl}/webhooks/${name}`;
  const { data, error } = await client.rpc('create_webhook_endpoint', { client_id: clientId, url, events });
  if (error) throw error;
  return { name, endpointId: data.endpoint.id, secret: data.secret };
}

/** Everything a receiver was sent, oldest first. */
async function receivedBy({ name }: Hook): Promise<Received[]> {
  const response = await fetch(`${stack.sandboxUrl}/_messages?provider=webhook&to=${name}`);
  return (await response.json()).reverse();
}

/** Waits until a receiver has been sent so many calls; tries that wait for their turn come at once. */
export function receives(hook: Hook, calls: number): Promise<Received[]> {
  return eventually(`${calls} calls`, async () => {
    await sql`
      update public.webhook_messages set next_attempt_at = now()
      where endpoint_id = ${hook.endpointId} and status = 'queued'`;
    const received = await receivedBy(hook);
    return received.length >= calls && received;
  });
}

/** What a call says, once the official library has verified it. */
// deno-lint-ignore no-explicit-any
export function verified({ secret }: Pick<Hook, 'secret'>, { body, tags }: Received): any {
  return new Webhook(secret).verify(body, tags);
}

/** Waits until a message has a status. */
export function messageIs(status: string, endpointId: string) {
  return eventually(`a message is ${status}`, async () => {
    const [message] = await sql`
      select * from public.webhook_messages where endpoint_id = ${endpointId} and status = ${status}`;
    return message;
  });
}
