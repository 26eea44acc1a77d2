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
