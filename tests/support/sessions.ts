import { connect, type Database, sql } from './database.ts';
import { eventually } from './eventually.ts';

/** A connection whose transactions a test controls step by step. */
export type Session = Awaited<ReturnType<Database['reserve']>>;

/** Runs work with the given number of connections, all opened before it begins. */
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

/** Runs work the given number of times at once, each on its own connection. */
export function atOnce<Result>(howMany: number, work: (db: Database, n: number) => Promise<Result>): Promise<Result[]> {
  return withConnections(howMany, (db) => Promise.all(Array.from({ length: howMany }, (_, n) => work(db, n))));
}

/** Runs steps with the given number of sessions whose transactions are open at once. */
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

/** Starts a statement that blocks on another session, and returns once it waits. */
export async function untilBlocked<Result>(session: Session, start: () => Promise<Result>): Promise<Promise<Result>[]> {
  const [{ pid }] = await session`select pg_backend_pid() as pid`;
  const started = start();
  started.catch(() => {}); // a later await still gets the error
  await eventually('the second session waits', async () => {
    const [{ blocked }] = await sql`select cardinality(pg_blocking_pids(${pid})) > 0 as blocked`;
    return blocked;
  });
  return [started]; // in a list, so that awaiting this function does not await what waits
}
