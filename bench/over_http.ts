import type { Client } from './measure.ts';

/** One call of a function, by whom and with what. */
export interface Call {
  token: string;
  body: Record<string, unknown>;
}

/**
 * Runs the calls of every caller one after the other, all callers at once; returns times in milliseconds. The first call of
 * each is not counted: it makes connections and plans.
 */
export async function slowest(name: string, callers: Call[][]) {
  const times: number[] = [];
  let failures = 0;
  await Promise.all(callers.map(async (calls, n) => {
    for (const [round, { token, body }] of calls.entries()) {
      const startedAt = performance.now();
      const response = await fetch(`${Deno.env.get('API_URL')}/functions/v1/${name}`, {
        method: 'POST',
        headers: {
          apikey: Deno.env.get('PUBLISHABLE_KEY')!,
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'x-forwarded-for': `10.200.0.${n}`,
        },
        body: JSON.stringify(body),
      });
      await response.body?.cancel();
      if (!response.ok) failures++;
      if (round > 0) times.push(performance.now() - startedAt);
    }
  }));
  times.sort((one, other) => one - other);
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))]);
  return { p50: at(0.5), p99: at(0.99), failures };
}

/** Signs so many customers of a client up. */
export async function signUp(
  database: Client,
  client: string,
  howMany: number,
): Promise<{ id: string; token: string }[]> {
  const customers: { id: string; token: string }[] = [];
  for (let n = 0; n < howMany; n++) {
    const response = await fetch(`${Deno.env.get('API_URL')}/auth/v1/signup`, {
      method: 'POST',
      headers: { apikey: Deno.env.get('PUBLISHABLE_KEY')!, 'content-type': 'application/json' },
      body: JSON.stringify({ email: `${crypto.randomUUID()}@example.com`, password: 'correct horse battery staple' }),
    });
    const { access_token: token, user: { id } } = await response.json();
    await database`
      insert into public.memberships (user_id, role, client_id) values (${id}, 'customer', ${client})`;
    customers.push({ id, token });
  }
  return customers;
}
