import assert from 'node:assert/strict';
import { commands, parseCommandLine } from './command_line.mjs';

Deno.test('parseCommandLine: a command with options and arguments → both', () => {
  assert.deepEqual(parseCommandLine(['start', '--port', '55000', '--data=/tmp/x', '--fast']), {
    command: 'start',
    options: { port: 55_000, data: '/tmp/x', fast: true },
    filters: [],
  });
  assert.deepEqual(parseCommandLine(['bench', 'claims', 'bank']).filters, ['claims', 'bank']);
});

Deno.test('parseCommandLine: `start status` and `start stop` → status and stop', () => {
  assert.equal(parseCommandLine(['start', 'status']).command, 'status');
  assert.deepEqual(parseCommandLine(['start', 'stop', '--data', 'x']), {
    command: 'stop',
    options: { data: 'x' },
    filters: [],
  });
});

for (
  const [line, message] of Object.entries({
    'strat': 'There is no command "strat". Did you mean start?',
    'toString':
      'There is no command "toString". Commands: start, status, stop, reset, demo, test, check, bench, types, fmt, smoke.',
    'start --prot 1': 'start has no option --prot. Did you mean --port?',
    'start -p 1': 'start has no option -p. It takes --port, --data, --fast, --json.',
    'test --data x': 'test has no option --data. It takes none.',
    'start --port': '--port needs a value: --port <number>',
    'start --port 80x': '--port must be a number from 0 to 65000, not "80x".',
    'start --fast=yes': '--fast takes no value.',
    'start statsu': 'start takes no "statsu". Did you mean status?',
    'demo twice': 'demo takes no "twice".',
  })
) {
  Deno.test(`parseCommandLine: ${line} → ${message}`, () => {
    assert.throws(() => parseCommandLine(line.split(' ')), { message });
  });
}

Deno.test('parseCommandLine: --help → every command, or the options of the named one', () => {
  const overview = parseCommandLine(['--help']).help!;
  for (const { summary } of Object.values(commands)) assert.ok(overview.includes(summary));
  assert.equal(parseCommandLine([]).help, overview);
  for (const [name, { options }] of Object.entries(commands)) {
    const { help } = parseCommandLine([name, '-h']);
    for (const [option, { help: line }] of Object.entries(options)) {
      assert.ok(help!.includes(`--${option}`) && help!.includes(line), `${name} --${option}`);
    }
  }
});

Deno.test('cli: --help → exit code 0; an unknown option → exit code 1 and one line', async () => {
  const run = (...args: string[]) => new Deno.Command('node', { args: ['local/tools/cli.mjs', ...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const help = await run('smoke', '--help');
  assert.equal(help.code, 0);
  assert.match(text(help.stdout), /--url <url>.*--key <key>/s);
  const wrong = await run('start', '--fats');
  assert.deepEqual([wrong.code, text(wrong.stderr)], [1, 'start has no option --fats. Did you mean --fast?\n']);
});
