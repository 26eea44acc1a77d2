/** `npm run demo`: plays the journeys on a throwaway stack, with a transcript. */
import { runDeno } from '../../stack/deno.mjs';
import { inProject } from '../../stack/paths.mjs';
import { startThrowawayStack } from '../../stack/throwaway_stack.mjs';

/** Exits with 0 when every journey went as it should. */
export default async function demo() {
  const { environment } = await startThrowawayStack({ fast: true });
  process.exitCode = await runDeno(['run', '-A', inProject('local', 'tools', 'demo', 'main.ts')], environment);
}
