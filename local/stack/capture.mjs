/** Runs a command and keeps what it says. */
import { spawn } from 'node:child_process';
import { root, toolEnvironment } from './paths.mjs';

/** Resolves with the exit code and the output, whatever they are; the command reads `input` from stdin. */
export function capture(command, options, environment = {}, input = '') {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...toolEnvironment, ...environment };
    const child = spawn(command, options, { cwd: root, env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {}); // a command that reads none may end before
    child.stdin.end(input);
    const parts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].on('data', (chunk) => parts[name] += chunk);
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...parts, output: parts.stderr + parts.stdout }));
  });
}
