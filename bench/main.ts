/** `npm run bench`: speeds as ratios to floors that are measured in the same run, on a durable throwaway database. */
import { claims } from './claims.ts';
import { emptyPools } from './empty_pools.ts';
import { purchases } from './purchases.ts';
import { refusals } from './refusals.ts';
import { reports } from './reports.ts';
import { transfers } from './transfers.ts';
import { uploads } from './uploads.ts';
import { redemptions } from './vouchers.ts';

await claims();
await emptyPools();
await refusals();
await uploads();
await redemptions();
await reports();
await transfers();
await purchases();
