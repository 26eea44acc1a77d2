/** Runs Deno test files in parallel against a stack and counts their results. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runDeno } from '../deno.mjs';

/** Runs the files against a throwaway stack. */
export async function runDenoTests(files, { environment, dataFolder }) {
  const report = join(dataFolder, 'junit.xml');
  const options = ['test', '-A', '--no-check', '--parallel', '--unstable-no-legacy-abort', `--junit-path=${report}`];
  const code = await runDeno([...options, ...files], { ...environment, DENO_JOBS: '4', RUST_BACKTRACE: '0' });
  const counts = countResults(report);
  // A file that does not load has no results, but Deno's exit code tells.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

function countResults(report) {
  try {
    const xml = readFileSync(report, 'utf8');
    const [, tests, failures, errors] = /<testsuites[^>]*tests="(\d+)"[^>]*failures="(\d+)"[^>]*errors="(\d+)"/.exec(
      xml,
    );
    const failed = Number(failures) + Number(errors);
    const skipped = xml.split('<skipped').length - 1;
    return { passed: Number(tests) - failed - skipped, failed };
  } catch {
    return { passed: 0, failed: 0 };
  }
}
