/** Pools, cards and recipients in bulk, made with the factories of the tests. */
import type { Client } from './measure.ts';

/** A pool with its campaign's recipients, used up from the end. */
export interface Stock {
  pool: string;
  recipients: string[];
}

/** A client with a campaign, so many cards, and twice as many recipients. */
export async function createStock(database: Client, cards: number): Promise<Stock> {
  const [{ promise }] = await database`select tests.create_promise(0) as promise`;
  for (let left = cards; left > 0; left -= 10_000) {
    await database`select tests.add_cards(${promise.pool}, ${Math.min(left, 10_000)})`;
  }
  const recipients = await database`
    select tests.create_recipients(${promise.campaign}, ${Math.max(2 * cards, 20_000)}) as id`;
  await database`select public.run_housekeeping()`;
  await database.unsafe(
    'analyze public.gift_cards; analyze public.campaign_recipients; analyze public.recipient_codes; analyze private.card_secrets',
  ).simple();
  return { pool: promise.pool, recipients: recipients.map(({ id }) => id) };
}
