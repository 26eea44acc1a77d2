import { Webhook } from 'standardwebhooks';
import { sql } from './database.ts';
import { eventually } from './eventually.ts';
import type { Person } from './people.ts';
import { stack } from './stack.ts';

/** A call that a receiver got, with its signature. */
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

/** Creates an endpoint at a new receiver, as an admin. */
export async function hookOf({ client }: Person, clientId: string, events?: string[]): Promise<Hook> {
  const name = crypto.randomUUID();
  const url = `${stack.sandboxUrl}/webhooks/${name}`;
  const { data, error } = await client.rpc('create_webhook_endpoint', { client_id: clientId, url, events });
  if (error) throw error;
  return { name, endpointId: data.endpoint.id, secret: data.secret };
}

/** The calls that a receiver got, oldest first. */
async function receivedBy({ name }: Hook): Promise<Received[]> {
  const response = await fetch(`${stack.sandboxUrl}/_messages?provider=webhook&to=${name}`);
  return (await response.json()).reverse();
}

/** Waits until a receiver got a number of calls; retries skip their back-off. */
export function receives(hook: Hook, calls: number): Promise<Received[]> {
  return eventually(`${calls} calls`, async () => {
    await sql`
      update public.webhook_messages set next_attempt_at = now()
      where endpoint_id = ${hook.endpointId} and status = 'queued'`;
    const received = await receivedBy(hook);
    return received.length >= calls && received;
  });
}

/** The content of a call, verified by the official library. */
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
