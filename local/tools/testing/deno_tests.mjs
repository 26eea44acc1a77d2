/** Runs Deno test files and counts their results. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runDeno } from '../../stack/deno.mjs';

/** Runs the files at once, each in a thread of its own, against a throwaway stack. */
export async function runDenoTests(files, { environment, dataFolder }) {
  return await run(['--parallel', ...files], { ...environment, DENO_JOBS: '4' }, join(dataFolder, 'junit.xml'));
}

/** Runs the files one after the other: threads share their environment, and these tests write to it. */
export async function runUnitTests(files, { environment, dataFolder }) {
  return await run(files, environment, join(dataFolder, 'junit-units.xml'));
}

async function run(what, environment, report) {
  const options = ['test', '-A', '--no-check', '--unstable-no-legacy-abort', `--junit-path=${report}`];
  const code = await runDeno([...options, ...what], { ...environment, RUST_BACKTRACE: '0' });
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
