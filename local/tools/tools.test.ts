/** The stack's tools that decide whether a test run is green. */
import assert from 'node:assert/strict';
import { problemsOfFunctions } from './commands/check.mjs';
import { completedLock } from './fix_lock.mjs';
import { readTap } from './testing/pgtap.mjs';

Deno.test('readTap: counts, and keeps what belongs to a failure', () => {
  const tap = readTap(['1..3', 'ok 1 - one', 'not ok 2 - two', '# have: 1', 'not ok 3 - three # TODO later']);
  assert.deepEqual([tap.passed, tap.failed, tap.unfinished], [2, 1, null]);
  assert.deepEqual(tap.problems, ['not ok 2 - two', '# have: 1']);
});

Deno.test('readTap: a missing plan and a wrong count are failures', () => {
  assert.match(readTap(['ok 1 - one']).unfinished!, /no plan/);
  assert.match(readTap(['1..2', 'ok 1 - one']).unfinished!, /planned 2 assertions and made 1/);
});

Deno.test('completedLock: adds the packages of other platforms and nothing else', () => {
  const tool = {
    version: '1.0.0',
    dev: true,
    optionalDependencies: { 'tool-linux-arm64-musl': '1.0.0', 'fsevents': '2.0.0' },
  };
  const completed = completedLock(JSON.stringify({ packages: { 'node_modules/tool': tool } }));
  const added = JSON.parse(completed).packages['node_modules/tool-linux-arm64-musl'];
  assert.deepEqual(added, {
    version: '1.0.0',
    cpu: ['arm64'],
    libc: ['musl'],
    os: ['linux'],
    dev: true,
    optional: true,
  });
  assert.equal(JSON.parse(completed).packages['node_modules/fsevents'], undefined);
  assert.equal(completedLock(completed), completed);
});

Deno.test('problemsOfFunctions: a folder that config.toml does not list, or lists otherwise, is named', () => {
  const section = (name: string, verify = false) =>
    `[functions.${name}]\nverify_jwt = ${verify}\nimport_map = "./functions/deno.json"\n\n`;
  assert.deepEqual(problemsOfFunctions(['a', 'b-c'], section('a') + section('b-c')), []);
  assert.deepEqual(problemsOfFunctions(['a', 'b'], section('a')), [
    '[functions.b] lacks verify_jwt = false',
    '[functions.b] lacks import_map = "./functions/deno.json"',
  ]);
  assert.deepEqual(problemsOfFunctions(['a'], section('a', true) + section('gone')), [
    '[functions.a] lacks verify_jwt = false',
    '[functions.gone] is no folder of supabase/functions',
  ]);
});

Deno.test('cli: --help names the commands and the options of smoke', async () => {
  const { code, stdout } = await new Deno.Command('node', { args: ['local/tools/cli.mjs', 'smoke', '--help'] })
    .output();
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(stdout), /Commands: start, .*smoke: --url <value> --key <value>/s);
});
