/** Uploads through the function, as CSV files: the largest that one call takes, and the chunks that are recommended. */
import { connect } from './measure.ts';

/** Prints the time of 10,000 cards in one call, of the same file again, and of 10,000 others in chunks of 5,000. */
export async function uploads(): Promise<void> {
  console.log('\nAn upload of 10,000 cards through upload-gift-cards (target: 3 s)');
  const database = connect();
  const [{ promise }] = await database`select tests.create_promise(0) as promise`;
  const cards = (howMany: number) =>
    Array.from({ length: howMany }, (_, n) => `BENCH-${crypto.randomUUID().toUpperCase()},${1000 + n % 9000}`);
  const file = (rows: string[]) => ['code,pin', ...rows].join('\n');
  const whole = file(cards(10_000));
  for (const which of ['first time', 'the same file again']) await report(which, () => upload(promise.pool, whole));
  const chunks = [file(cards(5_000)), file(cards(5_000))];
  await report('in two chunks', async () => {
    const { importId } = await upload(promise.pool, chunks[0], { chunk: '1' });
    const { progress } = await upload(promise.pool, chunks[1], { chunk: '2', importId, isLast: 'true' });
    return { imported: progress.accepted, duplicates: progress.known };
  });
  await database.end();
}

async function upload(poolId: string, body: string, part: Record<string, string> = {}) {
  const query = new URLSearchParams({ poolId, exceptionsOnly: 'true', ...part });
  const response = await fetch(`${Deno.env.get('API_URL')}/functions/v1/upload-gift-cards?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv', apikey: Deno.env.get('SECRET_KEY')! },
    body,
  });
  return await response.json();
}

async function report(which: string, run: () => Promise<{ imported: number; duplicates: number }>): Promise<void> {
  const startedAt = performance.now();
  const { imported, duplicates } = await run();
  const took = ((performance.now() - startedAt) / 1000).toFixed(2);
  console.log(`${which.padEnd(64)} ${took} s  ${imported} imported, ${duplicates} duplicates`);
}
