/** `npm run demo`: plays the journeys on a throwaway stack, with a transcript. */
import { runDeno } from '../deno.mjs';
import { inProject } from '../paths.mjs';
import { startThrowawayStack } from '../throwaway_stack.mjs';

/** Exits with 0 when every journey went as it should. */
export default async function demo() {
  const { environment } = await startThrowawayStack({ fast: true });
  process.exitCode = await runDeno(['run', '-A', inProject('local', 'demo', 'main.ts')], environment);
}
