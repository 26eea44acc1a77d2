import postgres from 'postgres';
import { stack } from './stack.ts';

// Counts and amounts are parsed to numbers, as tests write them.
const types = { number: { to: 20, from: [20, 1700], serialize: String, parse: Number } };

/** Opens connections to a stack's database; by default as the owner, whom no policy restricts. */
export function connect(url = stack.dbUrl, max = 4) {
  return postgres(url, { max, types, onnotice() {} });
}

/** Connections to a stack's database. */
export type Database = ReturnType<typeof connect>;

/** The database of the stack under test. */
export const sql = connect();
