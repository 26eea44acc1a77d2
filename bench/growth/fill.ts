/** Fills a database as years of use would: one statement for each table, with triggers and foreign keys off. */
import postgres from 'postgres';
import { withRole } from './connections.ts';

/** How many rows each history table gets, and how many clients share them. */
export interface Size {
  rows: number;
  clients: number;
}

const folder = new URL('./fill/', import.meta.url);

/** Runs the files of `fill/` in order, then `analyze`; prints how long each took. */
export async function fill(url: string, { rows, clients }: Size, print: (line: string) => void): Promise<void> {
  const sql = postgres(withRole(url, 'supabase_admin'), { max: 1, onnotice() {} });
  try {
    await sql.unsafe(`
      set session_replication_role = replica; set synchronous_commit = off; set statement_timeout = 0;
      set growth.rows = ${rows}; set growth.clients = ${clients}`).simple();
    for (const name of [...Deno.readDirSync(folder)].map((file) => file.name).sort()) {
      const startedAt = performance.now();
      await sql.unsafe(await Deno.readTextFile(new URL(name, folder))).simple();
      print(`${name.padEnd(64)} ${((performance.now() - startedAt) / 1000).toFixed(0).padStart(7)} s`);
    }
    await sql.unsafe('analyze').simple();
  } finally {
    await sql.end();
  }
}
