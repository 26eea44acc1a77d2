/** Serves the edge functions, each in its own worker that starts on the first request and again after an edit. */
import { debounce } from './debounce.ts';

const bootLimit = 15_000;
const answerLimit = 150_000; // hosted cuts a function off after this many milliseconds too

class Restarted extends Error {}

interface Running {
  worker: Worker;
  address: Promise<string>;
  stop(reason: Error): void;
}

/** The functions of one folder. */
export class Functions {
  #running = new Map<string, Running>();
  #folder: URL;

  constructor(folder: URL) {
    this.#folder = folder;
  }

  /** Restarts every function as soon as any file of the folder changes. */
  async watch(): Promise<void> {
    const restart = debounce(50, () => {
      for (const running of [...this.#running.values()]) running.stop(new Restarted());
      console.log('[functions] reloaded');
    });
    for await (const { kind } of Deno.watchFs(this.#folder.pathname)) {
      if (kind !== 'access') restart();
    }
  }

  /** Whether the folder holds a function of this name. */
  has(name: string): boolean {
    try {
      return Deno.statSync(this.#entry(name)).isFile;
    } catch {
      return false;
    }
  }

  /** Lets a function answer a request. */
  async fetch(name: string, request: Request): Promise<Response> {
    if (!this.has(name)) {
      return Response.json({ code: 'NOT_FOUND', message: 'Requested function was not found' }, { status: 404 });
    }
    try {
      return await this.#forward(name, request);
    } catch (error) {
      console.error(`[${name}] no answer: ${(error as Error).message}`);
      const message = 'Function exited due to an error (please check logs)';
      return Response.json({ code: 'WORKER_ERROR', message }, { status: 500 });
    }
  }

  #entry(name: string): URL {
    return new URL(`${name}/index.ts`, this.#folder);
  }

  async #forward(name: string, request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const running = await this.#ready(name);
    const { method, headers, body } = request;
    const signal = AbortSignal.timeout(answerLimit);
    try {
      return await fetch((await running.address) + pathname + search, {
        method,
        headers,
        body,
        redirect: 'manual',
        signal,
      });
    } catch (error) {
      // A worker that called Deno.exit() sends no message: the next request must not reach it again.
      running.stop(error as Error);
      throw error;
    }
  }

  /** A booted worker; one that an edit stopped while it booted is started again. */
  async #ready(name: string): Promise<Running> {
    for (let tries = 0;; tries++) {
      const running = this.#running.get(name) ?? this.#start(name);
      try {
        await running.address;
        return running;
      } catch (error) {
        if (!(error instanceof Restarted) || tries === 3) throw error;
      }
    }
  }

  #start(name: string): Running {
    const url = new URL('./function_worker.ts', import.meta.url);
    url.searchParams.set('file', this.#entry(name).href);
    url.searchParams.set('started', String(performance.now())); // a new address, so that the edited module is read
    const worker = new Worker(url.href, { type: 'module', name });
    const { promise: address, resolve, reject } = Promise.withResolvers<string>();
    const stop = (reason: Error) => {
      clearTimeout(patience);
      if (this.#running.get(name) === running) this.#running.delete(name);
      reject(reason); // otherwise a request that waits for the boot would hang
      worker.terminate();
    };
    const patience = setTimeout(() => stop(new Error(`${name} did not start.`)), bootLimit);
    const running: Running = { worker, address, stop };
    worker.onmessage = ({ data }) => {
      clearTimeout(patience);
      resolve(`http://127.0.0.1:${data.port}`);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // Deno has printed it, and the others go on
      stop(new Error(event.message));
    };
    address.catch(() => {});
    this.#running.set(name, running);
    return running;
  }
}
