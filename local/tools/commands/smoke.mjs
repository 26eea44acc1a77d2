/** `npm run smoke -- --url … --key …`: tries a deployment from outside; docs/deploying.md says what each option is for. */
import { smoke } from '../smoke/smoke.mjs';
import { Tally } from '../testing/tally.mjs';

/** Prints `N passed, N failed` at the end. */
export default async function run({ smoke: options }) {
  if (!options.url || !options.key) throw new Error('Say --url https://<ref>.supabase.co and --key sb_secret_…');
  const tally = new Tally();
  await smoke(options, tally);
  tally.finish();
}
