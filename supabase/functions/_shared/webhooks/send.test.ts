import assert from 'node:assert/strict';
import { Webhook } from 'standardwebhooks';
import type { Target } from './guard.ts';
import { post } from './post.ts';
import { send } from './send.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const BODY = { type: 'webhook.test', timestamp: '2026-01-01T00:00:00Z', data: { name: 'Ünïcode “quoted”' } };

interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Reads one request to its end. */
async function requestOn(connection: Deno.Conn): Promise<Received> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(65_536);
  for (let text = '';;) {
    const [head, body] = text.split('\r\n\r\n');
    const [start, ...lines] = head.split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]));
    if (body !== undefined && new TextEncoder().encode(body).length >= Number(headers['content-length'])) {
      return { path: start.split(' ')[1], headers, body };
    }
    const length = await connection.read(chunk);
    text += decoder.decode(chunk.subarray(0, length ?? 0), { stream: true });
    if (length === null || !text.startsWith('POST')) throw new Error('no request');
  }
}

/** Runs a test with a receiver that records requests, sends the given answer and closes; null keeps the connection open. */
async function withReceiver(
  answer: string | null,
  test: (host: string, received: Received[]) => Promise<void>,
): Promise<void> {
  const received: Received[] = [];
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const open: Deno.Conn[] = [];
  const working = (async () => {
    for await (const connection of listener) {
      open.push(connection);
      await requestOn(connection).then((request) => received.push(request)).catch(() => {});
      if (answer === null) continue;
      await connection.write(new TextEncoder().encode(answer)).catch(() => {});
      connection.close();
      open.pop();
    }
  })();
  try {
    await test(`127.0.0.1:${(listener.addr as Deno.NetAddr).port}`, received);
  } finally {
    listener.close();
    await working;
    open.forEach((connection) => connection.close());
  }
}

const says = (status: number, more = '') => `HTTP/1.1 ${status} Words\r\ncontent-length: 0\r\n${more}\r\n`;

function targetAt(host: string, isEncrypted = false): Target {
  const url = new URL(`http${isEncrypted ? 's' : ''}://${host}/`);
  return { url, address: '127.0.0.1', port: Number(host.split(':')[1]), isEncrypted };
}

const sendTo = (host: string, secrets = [SECRET]) =>
  send({ messageId: 'msg_1', url: `http://${host}/in?a=b%20c`, secrets, body: BODY }, [host]);

Deno.test('sendWebhooks: a message → verified by the official library', async () => {
  await withReceiver(says(204), async (host, received) => {
    assert.deepEqual(await sendTo(host), { outcome: 'delivered', httpStatus: 204, errorCode: null });
    const [{ path, headers, body }] = received;
    assert.deepEqual([path, headers['webhook-id'], headers.host], ['/in?a=b%20c', 'msg_1', host]);
    assert.deepEqual(new Webhook(SECRET).verify(body, headers), BODY);
    assert.throws(() => new Webhook(SECRET).verify(`${body} `, headers));
  });
});

Deno.test('sendWebhooks: two secrets during a rotation → either verifies', async () => {
  const newer = `whsec_${btoa('another secret of 24 byt')}`;
  await withReceiver(says(200), async (host, received) => {
    await sendTo(host, [newer, SECRET]);
    const [{ headers, body }] = received;
    for (const secret of [newer, SECRET]) new Webhook(secret).verify(body, headers);
  });
});

for (
  const [status, outcome] of [[200, 'delivered'], [299, 'delivered'], [410, 'gone'], [404, 'failed'], [
    500,
    'failed',
  ]] as const
) {
  Deno.test(`sendWebhooks: status ${status} → ${outcome}`, async () => {
    await withReceiver(says(status), async (host) => {
      const result = await sendTo(host);
      assert.deepEqual([result.outcome, result.httpStatus], [outcome, status]);
    });
  });
}

Deno.test('sendWebhooks: a redirect → failed, not followed', async () => {
  await withReceiver(says(302, 'location: /elsewhere\r\n'), async (host, received) => {
    assert.deepEqual(await sendTo(host), { outcome: 'failed', httpStatus: 302, errorCode: 'http_302' });
    assert.equal(received.length, 1);
  });
});

Deno.test('sendWebhooks: no HTTP answer → failed', async () => {
  for (const answer of ['', 'nonsense', 'HTTP/1.1 999 Words\r\n', 'x'.repeat(1_000_000)]) {
    await withReceiver(answer, async (host) => {
      assert.deepEqual(await sendTo(host), { outcome: 'failed', httpStatus: null, errorCode: 'connection' });
    });
  }
  assert.equal((await sendTo('127.0.0.1:1')).errorCode, 'connection');
});

Deno.test('sendWebhooks: a target that is not allowed → never called', async () => {
  await withReceiver(says(200), async (host, received) => {
    const lease = { messageId: 'msg_1', url: `http://${host}/`, secrets: [SECRET], body: BODY };
    assert.equal((await send(lease, [])).errorCode, 'url_refused');
    const byName = { ...lease, url: `https://hooks.example.com:${host.split(':')[1]}/` };
    assert.equal((await send(byName, [], () => Promise.resolve(['127.0.0.1']))).errorCode, 'address_refused');
    assert.equal(received.length, 0);
  });
});

Deno.test('post: an endpoint that does not answer in time → aborted', async () => {
  await withReceiver(null, async (host) => {
    await assert.rejects(post(targetAt(host), {}, '{}', 100), { name: 'TimeoutError' });
  });
});

Deno.test('post: an https receiver without TLS → nothing is sent in clear text', async () => {
  await withReceiver(says(200), async (host, received) => {
    await assert.rejects(post(targetAt(host, true), {}, '{"secret":1}', 2000));
    assert.equal(received.length, 0);
  });
});
