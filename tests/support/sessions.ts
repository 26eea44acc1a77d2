import { connect, type Database, sql } from './database.ts';
import { eventually } from './eventually.ts';

/** A connection whose transactions a test takes step by step. */
export type Session = Awaited<ReturnType<Database['reserve']>>;

/** Works with so many connections of its own, all of which are open before it begins. */
export async function withConnections<Result>(
  howMany: number,
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  const db = connect(undefined, howMany);
  try {
    await Promise.all(Array.from({ length: howMany }, () => db`select pg_sleep(0.01)`));
    return await work(db);
  } finally {
    await db.end();
  }
}

/** Does something so many times at once, with a connection for each. */
export function atOnce<Result>(howMany: number, work: (db: Database, n: number) => Promise<Result>): Promise<Result[]> {
  return withConnections(howMany, (db) => Promise.all(Array.from({ length: howMany }, (_, n) => work(db, n))));
}

/** Takes steps with so many sessions, whose transactions are open at the same time. */
export async function withSessions(howMany: number, steps: (sessions: Session[]) => Promise<void>): Promise<void> {
  const pool = connect(undefined, howMany);
  const sessions = await Promise.all(Array.from({ length: howMany }, () => pool.reserve()));
  // A session that waits where it should not must fail, not hang.
  for (const session of sessions) await session`set lock_timeout = '20s'`;
  try {
    await steps(sessions);
  } finally {
    for (const session of sessions) {
      await session`rollback`.catch(() => {});
      session.release();
    }
    await pool.end();
  }
}

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
