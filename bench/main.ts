/** `npm run bench`: speeds as ratios to floors that are measured in the same run, on a durable throwaway database. */
import { bank } from './bank.ts';
import { claims } from './claims.ts';
import { emptyPools } from './empty_pools.ts';
import { growth } from './growth/main.ts';
import { purchases } from './purchases.ts';
import { refusals } from './refusals.ts';
import { reports } from './reports.ts';
import { transfers } from './transfers.ts';
import { uploads } from './uploads.ts';
import { redemptions } from './vouchers.ts';

const benchmarks = { claims, emptyPools, refusals, uploads, redemptions, reports, transfers, bank, purchases };
// It fills a database for minutes: only when it is named.
const named = { ...benchmarks, growth };

const unknown = Deno.args.filter((name) => !Object.hasOwn(named, name));
if (unknown.length > 0) throw new Error(`There is no ${unknown}; say some of ${Object.keys(named).join(', ')}`);
for (const [name, measure] of Object.entries(Deno.args.length === 0 ? benchmarks : named)) {
  if (Deno.args.length === 0 || Deno.args.includes(name)) await measure();
}
