/** `npm run fmt`: formats everything that `npm run check` looks at. */
import { runDeno } from '../../stack/deno.mjs';

/** Exits with Deno's exit code. */
export default async function fmt() {
  process.exitCode = await runDeno(['fmt', '--quiet']);
}
