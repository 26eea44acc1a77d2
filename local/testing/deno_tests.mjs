/** Runs Deno test files in parallel against a stack and counts their results. */
import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { denoExecutable, root, toolEnvironment } from '../paths.mjs';

/** Runs the files; `environment` says where the stack is. */
export async function runDenoTests(files, { environment, folder }) {
  const report = join(folder, 'junit.xml');
  const options = ['test', '-A', '--no-check', '--parallel', '--unstable-no-legacy-abort', `--junit-path=${report}`];
  const code = await runDeno([...options, ...files], { ...environment, DENO_JOBS: '4' });
  const counts = countResults(report);
  // A file that does not load has no results, but Deno's exit code tells.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/** Runs Deno with its output on the terminal and resolves with its exit code. */
export function runDeno(options, environment = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...toolEnvironment, ...environment };
    const child = spawn(denoExecutable(), options, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function countResults(report) {
  try {
    const [, tests, failures, errors] = /<testsuites[^>]*tests="(\d+)"[^>]*failures="(\d+)"[^>]*errors="(\d+)"/.exec(readFileSync(report, 'utf8'));
    const skipped = [...readFileSync(report, 'utf8').matchAll(/<skipped/g)].length;
    rmSync(report);
    const failed = Number(failures) + Number(errors);
    return { passed: Number(tests) - failed - skipped, failed };
  } catch {
    return { passed: 0, failed: 0 };
  }
}
