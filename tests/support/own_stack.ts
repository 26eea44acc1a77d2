import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.ts';
import type { Stack } from './stack.ts';

/** The processes of a stack. */
export type Part = 'cli' | 'postgres' | 'gateway' | 'sandbox';

interface Facts extends Omit<Stack, 'logFile'> {
  pids: Record<Part, number>;
}

const READY_SECONDS = 60;
const STARTS = 3;

// These end with their parent; Postgres may outlive it and is stopped by the next start.
const CHILDREN: Part[] = ['gateway', 'sandbox'];

/** A durable stack of a test's own, on lasting ports, whose parts may be killed. */
export class OwnStack {
  #folder: string;
  #port: number;
  #cli?: Deno.ChildProcess;
  #facts?: Facts;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  /** Starts a new stack with nothing but the demo data. */
  static async begin(): Promise<OwnStack> {
    const folder = await Deno.makeTempDir({ prefix: 'rewardbase-chaos-' });
    await Deno.chmod(folder, 0o711); // the account that Postgres runs as must pass through
    await copyTemplate(folder);
    const stack = new OwnStack(folder, await threeFreePorts());
    await stack.start();
    return stack;
  }

  /** Where it is; the same after each start. */
  get facts(): Stack & Facts {
    if (!this.#facts) throw new Error('The stack does not run');
    return { ...this.#facts, logFile: this.#log };
  }

  get #log(): string {
    return `${this.#folder}/cli.log`;
  }

  /** Starts it on the data that it has; a port that a dying part still holds is waited for. */
  async start(): Promise<void> {
    for (let tries = 1;; tries++) {
      try {
        return await this.#startOnce();
      } catch (error) {
        // A start that still runs would block the next one.
        this.#cli?.kill('SIGKILL');
        await this.#cli?.status;
        if (tries === STARTS) throw error;
      }
    }
  }

  async #startOnce(): Promise<void> {
    const cli = fileURLToPath(new URL('../../local/tools/cli.mjs', import.meta.url));
    const command = `exec node "$0" start --port ${this.#port} --data "$1" >> "$2" 2>&1`;
    const child = new Deno.Command('/bin/sh', { args: ['-c', command, cli, this.#folder, this.#log], stdin: 'null' })
      .spawn();
    let ended = false;
    child.status.then(() => ended = true);
    this.#cli = child;
    this.#facts = await eventually('the stack is ready', async () => {
      if (ended) throw new Error(`The stack did not start:\n${(await Deno.readTextFile(this.#log)).slice(-2000)}`);
      const facts = await this.#readFacts();
      return facts?.pids.cli === child.pid && await answers(facts.apiUrl) && facts;
    }, READY_SECONDS);
  }

  /** The content of stack.json, possibly left behind by a killed stack. */
  async #readFacts(): Promise<Facts | undefined> {
    try {
      return JSON.parse(await Deno.readTextFile(`${this.#folder}/stack.json`));
    } catch {
      return undefined;
    }
  }

  /** Kills parts without warning, and waits until the rest has noticed and all have ended. */
  async kill(...parts: Part[]): Promise<void> {
    const { pids } = this.facts;
    for (const part of parts) Deno.kill(pids[part], 'SIGKILL');
    await this.#cli!.status;
    // A test goes on only after the killed processes have ended.
    await eventually(
      'all parts are gone',
      async () => !(await Promise.all([...CHILDREN, ...parts].map((part) => isAlive(pids[part])))).some(Boolean),
    );
  }

  /** Sends a signal to a part. */
  signal(part: Part, signal: Deno.Signal): void {
    Deno.kill(this.facts.pids[part], signal);
  }

  /** Ends it in order and forgets its data. */
  async end(): Promise<void> {
    try {
      this.#cli?.kill('SIGTERM');
      await this.#cli?.status;
    } catch {
      // It has ended already.
    }
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Begins with a database that is migrated already, if `npm test` names one. */
async function copyTemplate(folder: string): Promise<void> {
  const template = Deno.env.get('TEMPLATE_FOLDER');
  if (!template) return;
  const { success, stderr } = await new Deno.Command('cp', { args: ['-Rp', `${template}/.`, folder] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

/** Whether a process runs; a zombie does not. */
async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command('ps', { args: ['-o', 'stat=', '-p', String(pid)] }).output();
  const state = new TextDecoder().decode(stdout).trim();
  return state !== '' && !state.startsWith('Z');
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/auth/v1/.well-known/jwks.json`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** A port such that it, the next and the ninth after it are free, which is what a stack takes. */
async function threeFreePorts(): Promise<number> {
  while (true) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const free = await Promise.all([port, port + 1, port + 9].map(isFree));
    if (free.every(Boolean)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
