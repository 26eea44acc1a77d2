import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { post } from './post.ts';
import { send } from './send.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = { type: 'webhook.test', timestamp: '2026-01-01T00:00:00Z', data: { name: 'Ünïcode “quoted”' } };

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Runs a test with a receiver of its own, which notes what comes and answers as it is told. */
async function withReceiver(
  answer: (response: ServerResponse) => void,
  test: (host: string, received: Received[]) => Promise<void>,
): Promise<void> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        path: request.url!,
        headers: request.headers,
        body: new TextDecoder().decode(Buffer.concat(chunks)),
      });
      answer(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await test(`127.0.0.1:${(server.address() as AddressInfo).port}`, received);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const sendTo = (host: string, secrets = [SECRET]) =>
  send({ messageId: 'msg_1', url: `http://${host}/in?a=b%20c`, secrets, body: BODY }, [host]);

Deno.test('send: the official library verifies what arrives, to the letter', async () => {
  await withReceiver((response) => response.writeHead(204).end(), async (host, received) => {
    assert.deepEqual(await sendTo(host), { outcome: 'delivered', httpStatus: 204, errorCode: null });
    const [{ path, headers, body }] = received;
    assert.deepEqual([path, headers['webhook-id'], headers.host], ['/in?a=b%20c', 'msg_1', host]);
    assert.deepEqual(new Webhook(SECRET).verify(body, headers as Record<string, string>), BODY);
    assert.throws(() => new Webhook(SECRET).verify(`${body} `, headers as Record<string, string>));
  });
});

Deno.test('send: while a secret is changed either of the two verifies', async () => {
  const newer = `whsec_${btoa('another secret of 24 byt')}`;
  await withReceiver((response) => response.end(), async (host, received) => {
    await sendTo(host, [newer, SECRET]);
    const [{ headers, body }] = received;
    for (const secret of [newer, SECRET]) new Webhook(secret).verify(body, headers as Record<string, string>);
  });
});

for (
  const [status, outcome] of [[200, 'delivered'], [299, 'delivered'], [410, 'gone'], [404, 'failed'], [
    500,
    'failed',
  ]] as const
) {
  Deno.test(`send: ${status} means ${outcome}`, async () => {
    await withReceiver((response) => response.writeHead(status).end('x'.repeat(100_000)), async (host) => {
      const result = await sendTo(host);
      assert.deepEqual([result.outcome, result.httpStatus], [outcome, status]);
    });
  });
}

Deno.test('send: a redirect is a failure and is not followed', async () => {
  await withReceiver(
    (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
    async (host, received) => {
      assert.deepEqual(await sendTo(host), { outcome: 'failed', httpStatus: 302, errorCode: 'http_302' });
      assert.equal(received.length, 1);
    },
  );
});

Deno.test('send: what is no answer is a failure', async () => {
  await withReceiver((response) => response.socket!.destroy(), async (host) => {
    assert.deepEqual(await sendTo(host), { outcome: 'failed', httpStatus: null, errorCode: 'connection' });
  });
  assert.equal((await sendTo('127.0.0.1:1')).errorCode, 'connection');
});

Deno.test('send: a place that is not allowed is never called', async () => {
  await withReceiver((response) => response.end(), async (host, received) => {
    const lease = { messageId: 'msg_1', url: `http://${host}/`, secrets: [SECRET], body: BODY };
    assert.equal((await send(lease, [])).errorCode, 'url_refused');
    const byName = { ...lease, url: `https://hooks.example.com:${host.split(':')[1]}/` };
    assert.equal((await send(byName, [], () => Promise.resolve(['127.0.0.1']))).errorCode, 'address_refused');
    assert.equal(received.length, 0);
  });
});

Deno.test('post: whoever does not answer in time is left', async () => {
  const server = createSocketServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/`);
  await assert.rejects(post({ url, address: '127.0.0.1', port, isEncrypted: false }, {}, '{}', 100), {
    name: 'TimeoutError',
  });
  server.close();
});

Deno.test('post: an endless answer is left after its first line', async () => {
  const server = createSocketServer((socket) => {
    socket.on('error', () => {});
    socket.write('x'.repeat(1_000_000));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/`);
  await assert.rejects(post({ url, address: '127.0.0.1', port, isEncrypted: false }, {}, '{}'), /not HTTP/);
  server.close();
});

Deno.test('post: nothing is told in clear to a receiver that should be encrypted and is not', async () => {
  await withReceiver((response) => response.end(), async (host, received) => {
    const port = Number(host.split(':')[1]);
    const url = new URL(`https://${host}/`);
    await assert.rejects(post({ url, address: '127.0.0.1', port, isEncrypted: true }, {}, '{"secret":1}', 2000));
    assert.equal(received.length, 0);
  });
});
