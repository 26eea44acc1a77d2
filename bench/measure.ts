/** How the benchmarks measure: many clients for a fixed time, and figures beside a floor. */
import postgres from 'postgres';

/** One connection of a client. */
export type Client = postgres.Sql;

const databaseUrl = Deno.env.get('DB_URL')!;

/** A connection of its own. */
export const connect = (): Client => postgres(databaseUrl, { max: 1, onnotice() {} });

/** Runs `work` from so many clients at once for so many seconds; returns runs per second. */
export async function perSecond(clients: number, seconds: number, work: (client: Client) => Promise<unknown>) {
  const connections = Array.from({ length: clients }, connect);
  // Each has done it once before, or a short run of many clients would measure how plans are made.
  await Promise.all(connections.map(work));
  const end = performance.now() + seconds * 1000;
  const startedAt = performance.now();
  let runs = 0;
  await Promise.all(connections.map(async (client) => {
    while (performance.now() < end) {
      await work(client);
      runs++;
    }
  }));
  const rate = runs / ((performance.now() - startedAt) / 1000);
  await Promise.all(connections.map((client) => client.end()));
  return rate;
}

/** Prints one figure, and how it stands to its floor. */
export function report(what: string, rate: number, floor?: number): void {
  const ratio = floor === undefined ? '' : `${(rate / floor).toFixed(2)} of the floor`;
  console.log(`${what.padEnd(64)} ${rate.toFixed(0).padStart(7)}/s  ${ratio}`);
}
