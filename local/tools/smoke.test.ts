/** The smoke test must fail against a broken deployment. */
import assert from 'node:assert/strict';
import { smoke } from './smoke/smoke.mjs';
import { Tally } from './testing/tally.mjs';

Deno.test('smoke: a server that answers everything with 200 and {} → every check that can be tried fails', async () => {
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, () => Response.json({}));
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => void lines.push(line);
  const tally = new Tally();
  try {
    const secrets = { key: 'sb_secret_x', publishable: 'sb_publishable_x', jobsToken: 'x', twilioToken: 'x' };
    await smoke({ url: `http://127.0.0.1:${server.addr.port}`, ...secrets, dbUrl: undefined }, tally);
  } finally {
    console.log = log;
    await server.shutdown();
  }
  const passed = lines.filter((line) => line.startsWith('ok')).map((line) => line.split(':')[0]);
  const skipped = lines.filter((line) => line.startsWith('skipped')).map((line) => line.split(':')[0]);
  assert.deepEqual(passed, []);
  assert.equal(tally.failed, 8, lines.join('\n'));
  assert.equal(skipped.length, 6);
});
