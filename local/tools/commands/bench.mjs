/** `npm run bench`: measures on a throwaway stack that is as durable as a real one. */
import { runDeno } from '../../stack/deno.mjs';
import { inProject } from '../../stack/paths.mjs';
import { copyDatabase } from '../testing/copies.mjs';
import { loadFactories } from '../testing/factories.mjs';
import { startThrowawayStack } from '../../stack/throwaway_stack.mjs';

/** Exits with 0 when the benchmarks ran: all of them, or those that are named, as `npm run bench -- transfers bank`. */
export default async function bench({ filters }) {
  const prepare = async (database) => {
    await loadFactories(database.url);
    if (filters.includes('growth')) await copyDatabase(database, ['growth_empty', 'growth_filled']);
  };
  const { environment } = await startThrowawayStack({ fast: false, prepare });
  process.exitCode = await runDeno(['run', '-A', inProject('bench', 'main.ts'), ...filters], environment);
}
