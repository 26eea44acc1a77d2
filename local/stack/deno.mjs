/** Runs Deno as a tool. */
import { spawn } from 'node:child_process';
import { denoExecutable, root, toolEnvironment } from './paths.mjs';

/** Runs Deno with its output on the terminal and resolves with its exit code. */
export function runDeno(options, environment = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...toolEnvironment, ...environment };
    const child = spawn(denoExecutable(), options, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
