import assert from 'node:assert/strict';
import { NoReply, type Reply, send } from './http.ts';

/** A server that answers one request with this after the other, and cuts the connection where it has no answer. */
async function withServer(answers: (string | null)[], test: (baseUrl: string, asked: string[]) => Promise<void>) {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const connections: Deno.Conn[] = [];
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      serving.push(serve(connection, answers, asked));
    }
  })();
  try {
    await test(`http://127.0.0.1:${listener.addr.port}/api/v2`, asked);
  } finally {
    listener.close();
    await accepting;
    connections.forEach(hangUp);
    await Promise.all(serving);
  }
}

/** Keeps the connection for the next request, as servers do, whatever the client asks for. */
async function serve(connection: Deno.Conn, answers: (string | null)[], asked: string[]): Promise<void> {
  const bytes = new Uint8Array(65_536);
  try {
    for (let size = await connection.read(bytes); size !== null; size = await connection.read(bytes)) {
      asked.push(new TextDecoder().decode(bytes.subarray(0, size)));
      const answer = answers[asked.length - 1];
      if (!answer) return;
      const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n`;
      await connection.write(new TextEncoder().encode(head + answer));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) throw error;
  } finally {
    hangUp(connection);
  }
}

function hangUp(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // The other end was first.
  }
}

const SOLD = '{"code":"000","status":"success","data":{}}';
const REFUSED = '{"code":"610","status":"error"}';

function issue(baseUrl: string, clientRequestId: string): Promise<Reply> {
  const account = { apiKey: 'key', secretKey: 'secret', baseUrl };
  const body = { client_request_id: clientRequestId };
  return send(account, { method: 'POST', path: 'digital/issue', clientRequestId, brand: 'amazon', body });
}

Deno.test('tillo http: the connection breaks → sent once, the refusal of a repetition is never the answer', () =>
  withServer([SOLD, null, REFUSED], async (baseUrl, asked) => {
    assert.equal((await issue(baseUrl, 'first')).code, '000');
    // The server may have sold the card before the connection broke.
    await assert.rejects(issue(baseUrl, 'second'), (error) => error instanceof NoReply && error.kind === 'network');
    assert.equal(asked.filter((request) => request.includes('"second"')).length, 1);
  }));
