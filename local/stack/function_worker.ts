/** Runs one edge function inside a worker, loaded unmodified: `Deno.serve(handler)` or `export default { fetch }`. */
import { AsyncLocalStorage } from 'node:async_hooks';

type Handler = (request: Request) => Response | Promise<Response>;

// Background work of a request after its answer. Hosted keeps the worker alive until it settles; this worker lives on anyway.
const background = new AsyncLocalStorage<Promise<unknown>[]>();
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil(work: Promise<unknown>) {
      background.getStore()?.push(work.catch((error) => console.error('waitUntil:', error)));
    },
  },
});

// Structured lines say which function wrote them and at what level, which hosted projects add by themselves.
for (const level of ['debug', 'info', 'log', 'warn', 'error'] as const) {
  const write = console[level];
  const origin = JSON.stringify({ level: level === 'log' ? 'info' : level, function: self.name }).slice(0, -1);
  console[level] = (...values: unknown[]) => {
    const [line] = values;
    const isStructured = values.length === 1 && typeof line === 'string' && line.startsWith('{"message":');
    write(...(isStructured ? [`${origin},${line.slice(1)}`] : values));
  };
}

const serve = Deno.serve;
const handler = await loadHandler(new URL(import.meta.url).searchParams.get('file')!);
const server = serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, answer);
(self as unknown as Worker).postMessage({ port: server.addr.port });

/** Answers as the function does; with the header `x-local-settled` only when the background work has ended. */
function answer(request: Request): Promise<Response> {
  const work: Promise<unknown>[] = [];
  return background.run(work, async () => {
    const response = await handler(request);
    if (request.headers.has('x-local-settled')) await Promise.allSettled(work);
    return response;
  });
}

async function loadHandler(file: string): Promise<Handler> {
  let served: Handler | undefined;
  Object.assign(Deno, {
    serve(...given: unknown[]) {
      const options = given[0] as { handler?: Handler };
      served = given.find((argument) => typeof argument === 'function') as Handler ?? options.handler;
      return { finished: Promise.resolve(), shutdown: () => Promise.resolve(), ref() {}, unref() {} };
    },
  });
  const { default: exported } = await import(file);
  served ??= exported?.fetch?.bind(exported);
  if (!served) throw new Error(`${file} neither calls Deno.serve() nor exports default { fetch }.`);
  return served;
}
