/** "No stock" beside an old snapshot: the refusal must come from the counter, not from a walk over what was claimed. */
import { connect, perSecond, report } from './measure.ts';
import { provision } from './claims.ts';
import { createStock } from './stock.ts';

/** Empties pools of different sizes while an old reader keeps every dead index entry, and prints refusals per second. */
export async function emptyPools(): Promise<void> {
  console.log('\nAn exhausted pool beside a long-running reader (refusals, each with its trace and owed reward)');
  const database = connect();
  const reader = connect();
  let floor: number | undefined;
  for (const cards of [100, 20_000]) {
    const stock = await createStock(database, cards);
    await reader`begin isolation level repeatable read`;
    await reader`select count(*) from public.gift_cards`;
    await database`
      update public.gift_cards set status = 'cancelled', cancelled_at = now()
      where pool_id = ${stock.pool} and status = 'available'`;
    const rate = await perSecond(8, 4, (client) => provision(client, stock));
    report(`8 clients, ${cards} cards claimed before`, rate, floor);
    floor ??= rate;
    await reader`rollback`;
  }
  await Promise.all([reader.end(), database.end()]);
}
