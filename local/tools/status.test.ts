import assert from 'node:assert/strict';
import { describeStack } from './commands/status.mjs';

const pause = (milliseconds: number) => new Promise((resume) => setTimeout(resume, milliseconds));

Deno.test('status: rounds that ended, failed, were not answered or never ran → one line each', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  const text = describeStack({
    now,
    dataFolder: '/data',
    facts: {
      apiUrl: 'http://127.0.0.1:1',
      sandboxUrl: 'http://127.0.0.1:3',
      studioUrl: null,
      dbUrl: 'postgresql://db',
      ports: { api: 1, database: 2, sandbox: 3 },
      pids: { cli: 10 },
      startedAt: '2026-01-01T09:57:30Z',
      secretKey: 'sb_secret_x',
    },
    rounds: {
      'deliveries': { endedAt: '2026-01-01T11:59:58Z', milliseconds: 12, problem: '' },
      'webhooks': { endedAt: '2026-01-01T11:59:58Z', milliseconds: 12, problem: '' },
      'expire': { endedAt: '2026-01-01T11:58:58Z', milliseconds: 5, problem: '503 {}' },
      'stuck-cards': { endedAt: null, milliseconds: 0, problem: '' },
    },
    failed: ['webhooks'],
  });
  assert.match(text, /runs since .* \(2 h 2 min\)/);
  assert.match(text, /deliveries +2 s ago, took 12 ms, ok\n/);
  assert.match(text, /webhooks +2 s ago, took 12 ms, failed, see the log\n/);
  assert.match(text, /expire +1 min 2 s ago, took 5 ms, not answered: 503 \{\}\n/);
  assert.match(text, /stuck-cards +none yet$/);
  assert.ok(!text.includes('sb_secret_x'));
});

Deno.test('start, status, stop: a stack started in one terminal → described and stopped from another', async () => {
  const folder = await Deno.makeTempDir({ prefix: 'rewardbase-status-' });
  const cli = (...args: string[]) =>
    new Deno.Command('node', {
      args: ['local/tools/cli.mjs', ...args, '--data', folder],
      env: { NO_COLOR: '1' },
      stdout: 'piped',
      stderr: 'piped',
    });
  const say = async (...args: string[]) => new TextDecoder().decode((await cli(...args).output()).stdout);
  try {
    await Deno.chmod(folder, 0o711); // the account that Postgres runs as must pass through
    const template = Deno.env.get('TEMPLATE_FOLDER');
    if (template) await new Deno.Command('cp', { args: ['-Rp', `${template}/.`, folder] }).output();
    assert.match(await say('status'), /^Nothing runs on /);
    assert.match(await say('stop'), /^Nothing runs on /);

    const running = cli('start', '--port', '0').spawn();
    const output = running.output();
    const facts = await factsIn(folder);
    const status = await say('status');
    for (const value of [facts.apiUrl, facts.sandboxUrl, folder, String(facts.pids.postgres)]) {
      assert.ok(status.includes(value), value);
    }
    assert.match(status, /deliveries +(none yet|.*, ok)\n/);
    assert.ok(!status.includes(facts.secretKey));

    assert.match(await say('stop'), /^Stopped\. /);
    assert.equal((await output).code, 0);
    assert.match(await say('status'), /^Nothing runs on /);
  } finally {
    await cli('stop').output();
    await Deno.remove(folder, { recursive: true });
  }
});

async function factsIn(folder: string) {
  for (let tries = 0; tries < 600; tries++) {
    try {
      return JSON.parse(await Deno.readTextFile(`${folder}/stack.json`));
    } catch {
      await pause(100);
    }
  }
  throw new Error('The stack did not start in a minute.');
}
