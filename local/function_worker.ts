/** Runs one edge function inside a worker, loaded unmodified: `Deno.serve(handler)` or `export default { fetch }`. */

type Handler = (request: Request) => Response | Promise<Response>;

// Hosted keeps the worker alive until these promises settle; this worker lives on anyway.
Object.assign(globalThis, {
  EdgeRuntime: {
    waitUntil: (work: Promise<unknown>) => void work.catch((error) => console.error('waitUntil:', error)),
  },
});

const serve = Deno.serve;
const handler = await loadHandler(new URL(import.meta.url).searchParams.get('file')!);
const server = serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, handler);
(self as unknown as Worker).postMessage({ port: server.addr.port });

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
