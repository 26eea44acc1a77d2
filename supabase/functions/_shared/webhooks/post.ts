import type { Target } from './guard.ts';

/** Milliseconds that a receiver may take, from the connection to the status of its answer. */
export const TIMEOUT_MS = 15_000;

const MAX_STATUS_LINE = 1024;

/**
 * Posts to a checked address and returns the status of the answer; redirects are not followed and nothing else
 * of the answer is read. Not `fetch`, which would resolve the name again and might connect to another address.
 */
export async function post(
  target: Target,
  headers: Record<string, string>,
  body: string,
  timeoutMs = TIMEOUT_MS,
): Promise<number> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const open = new Set<Deno.Conn>();
  let isOver = false;
  const keep = (connection: Deno.Conn) => void (isOver ? close(connection) : open.add(connection));
  const timer = setTimeout(() => reject(new DOMException('too late', 'TimeoutError')), timeoutMs);
  try {
    return await Promise.race([exchange(target, headers, body, keep), late]);
  } finally {
    isOver = true;
    clearTimeout(timer);
    open.forEach(close);
  }
}

async function exchange(
  { url, address, port, isEncrypted }: Target,
  headers: Record<string, string>,
  body: string,
  keep: (connection: Deno.Conn) => void,
): Promise<number> {
  const plain = await Deno.connect({ hostname: address, port });
  keep(plain);
  const connection = isEncrypted ? await Deno.startTls(plain, { hostname: url.hostname }) : plain;
  keep(connection);
  await writeAll(connection, requestOf(url, headers, new TextEncoder().encode(body)));
  return statusIn(await firstLine(connection));
}

function requestOf(url: URL, headers: Record<string, string>, body: Uint8Array): Uint8Array {
  const lines = Object.entries({
    host: url.host,
    ...headers,
    'content-length': String(body.length),
    connection: 'close',
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const start = new TextEncoder().encode(`POST ${url.pathname}${url.search} HTTP/1.1\r\n${head}\r\n`);
  const request = new Uint8Array(start.length + body.length);
  request.set(start);
  request.set(body, start.length);
  return request;
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

async function firstLine(connection: Deno.Conn): Promise<string> {
  const chunk = new Uint8Array(MAX_STATUS_LINE);
  let line = '';
  while (!line.includes('\n') && line.length < MAX_STATUS_LINE) {
    const length = await connection.read(chunk);
    if (length === null) break;
    line += new TextDecoder('latin1').decode(chunk.subarray(0, length));
  }
  return line;
}

function statusIn(line: string): number {
  const status = /^HTTP\/1\.[01] ([1-5]\d\d)[ \r\n]/.exec(line)?.[1];
  if (!status) throw new Error('the answer is not HTTP');
  return Number(status);
}

// A connection that became an encrypted one is closed with it.
function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
