/** Starts the Deno processes of a stack; each ends by itself when this process is gone, because its standard input ends. */
import { spawn } from 'node:child_process';
import { atEnd } from './lifecycle.mjs';
import { denoExecutable, root, toolEnvironment } from './paths.mjs';

const bootLimit = 20_000;

/**
 * Starts a script and resolves with it once it printed a line that begins with `readyWord`. `write` gets each other line, with its
 * level (from the stream) and its source (`readyWord`).
 */
export function startScript({ script, readyWord, environment = {}, firstLine = '', write }) {
  const child = spawn(denoExecutable(), ['run', '-A', '--unstable-no-legacy-abort', script], {
    cwd: root,
    detached: true, // Ctrl-C must reach only us: we stop the parts in order.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...toolEnvironment, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {}); // it died: its exit says so
  if (firstLine) child.stdin.write(`${firstLine}\n`);
  const exited = new Promise((done) => child.once('exit', done));
  atEnd(() => end(child, exited));

  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => fail(`${script} did not become ready.`), bootLimit);
    const fail = (reason) => {
      clearTimeout(patience);
      child.kill('SIGKILL');
      reject(new Error(reason));
    };
    const listen = (line) => {
      if (!line.startsWith(readyWord)) return write(line, { level: 'info', source: readyWord });
      clearTimeout(patience);
      resolve({ pid: child.pid, exited });
    };
    eachLine(child.stdout, listen);
    eachLine(child.stderr, (line) => write(line, { level: 'error', source: readyWord }));
    child.once('error', (error) => fail(String(error)));
    child.once('exit', (code) => fail(`${script} ended with code ${code}.`));
  });
}

/** Passes complete lines on as they come, and what is left when the stream ends. */
function eachLine(stream, take) {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) take(line);
  });
  stream.on('end', () => rest && take(rest));
}

async function end(child, exited) {
  child.stdin.end();
  const patience = setTimeout(() => child.kill('SIGKILL'), 3000);
  await exited;
  clearTimeout(patience);
}
