/** Connections to the databases that are copied for the growth benchmark and test. */
import postgres from 'postgres';

/** The same server and password, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** The same server, database and password, another role. */
export function withRole(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  return changed.href;
}

/** One connection, whose session lasts, so that its functions come to generic plans. */
export const connectOnce = (url: string) => postgres(url, { max: 1, onnotice() {} });

/** A connection of `connectOnce`. */
export type Connection = ReturnType<typeof connectOnce>;
