/** The largest upload that one call takes, through the function, as a CSV file. */
import { connect } from './measure.ts';

/** Prints the time of 10,000 cards, and of the same file again. */
export async function uploads(): Promise<void> {
  console.log('\nAn upload of 10,000 cards through upload-gift-cards (target: 3 s)');
  const database = connect();
  const [{ promise }] = await database`select tests.create_promise(0) as promise`;
  const rows = Array.from(
    { length: 10_000 },
    (_, n) => `BENCH-${crypto.randomUUID().toUpperCase()},${1000 + n % 9000}`,
  );
  const body = ['code,pin', ...rows].join('\n');
  for (const which of ['first time', 'the same file again']) {
    const startedAt = performance.now();
    const response = await fetch(`${Deno.env.get('API_URL')}/functions/v1/upload-gift-cards?poolId=${promise.pool}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', apikey: Deno.env.get('SECRET_KEY')! },
      body,
    });
    const { imported, duplicates } = await response.json();
    const took = ((performance.now() - startedAt) / 1000).toFixed(2);
    console.log(`${which.padEnd(64)} ${took} s  ${imported} imported, ${duplicates} duplicates`);
  }
  await database.end();
}
