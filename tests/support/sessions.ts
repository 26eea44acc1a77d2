import { type Database, sql } from './database.ts';
import { eventually } from './eventually.ts';

/** A connection whose transactions a test takes step by step. */
export type Session = Awaited<ReturnType<Database['reserve']>>;

/** Starts something that has to wait for another session's transaction, and returns once it waits. */
export async function untilBlocked<Result>(session: Session, start: () => Promise<Result>): Promise<Promise<Result>[]> {
  const [{ pid }] = await session`select pg_backend_pid() as pid`;
  const started = start();
  started.catch(() => {}); // whoever awaits it later is told
  await eventually('the second session waits', async () => {
    const [{ blocked }] = await sql`select cardinality(pg_blocking_pids(${pid})) > 0 as blocked`;
    return blocked;
  });
  return [started]; // in a list, so that awaiting this function does not await what waits
}
