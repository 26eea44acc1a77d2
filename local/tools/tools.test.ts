/** The stack's tools that decide whether a test run is green. */
import assert from 'node:assert/strict';
import { problemsOfFunctions } from './commands/check.mjs';
import { completedLock, entriesWithoutHash } from './checks/fix_lock.mjs';
import { checkImports } from './checks/imports.mjs';
import { isInstalled } from './install.mjs';
import { factoryFiles } from './testing/factories.mjs';
import { findFiles } from './testing/files.mjs';
import { readTap } from './testing/pgtap.mjs';

Deno.test('readTap: a failure → counted, and its diagnosis is kept', () => {
  const tap = readTap(['1..3', 'ok 1 - one', 'not ok 2 - two', '# have: 1', 'not ok 3 - three # TODO later']);
  assert.deepEqual([tap.passed, tap.failed, tap.unfinished], [2, 1, null]);
  assert.deepEqual(tap.problems, ['not ok 2 - two', '# have: 1']);
});

Deno.test('readTap: no plan, a wrong count, or a line that only looks like a result → unfinished', () => {
  assert.match(readTap(['ok 1 - one']).unfinished!, /no plan/);
  assert.match(readTap(['1..2', 'ok 1 - one']).unfinished!, /planned 2 assertions and made 1/);
  assert.match(readTap(['1..1', 'ok', 'ok 1 - one']).unfinished!, /prints "ok"/);
});

Deno.test('supabase test db: its first file → loads every helper in the order of npm test', async () => {
  const text = await Deno.readTextFile('supabase/tests/000_load_helpers.sql');
  const loaded = [...text.matchAll(/^\\ir helpers\/(\S+)$/gm)].map(([, name]) => name);
  assert.deepEqual(loaded, factoryFiles());
});

Deno.test('supabase test db: a .sql file that is no test, such as a helper → none but the first file', () => {
  const strays = findFiles('supabase/tests', '.sql').filter((path) => !path.endsWith('.test.sql'));
  assert.deepEqual(strays, ['supabase/tests/000_load_helpers.sql']);
});

Deno.test('completedLock: packages of other platforms are missing → added, nothing else', () => {
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

Deno.test('entriesWithoutHash: a package without integrity that may be installed here → named', () => {
  const packages = {
    '': {},
    'node_modules/good': { integrity: 'sha512-x' },
    'node_modules/bad': {},
    'node_modules/bad-linux-x64': { os: ['linux'], cpu: ['x64'], optional: true },
    'node_modules/other-darwin-x64': { os: ['darwin'], cpu: ['x64'], optional: true },
    'node_modules/other-linux-x64-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'], optional: true },
  };
  const found = entriesWithoutHash(JSON.stringify({ packages }), { platform: 'linux', arch: 'x64' });
  assert.deepEqual(found, ['node_modules/bad', 'node_modules/bad-linux-x64']);
});

Deno.test('isInstalled: all packages for this machine, in their version → yes; one missing or of another version → no', () => {
  const packages = {
    '': { name: 'root' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/b-linux': { version: '1.0.0', os: ['linux'], cpu: ['x64'], optional: true },
    'node_modules/b-darwin': { version: '1.0.0', os: ['darwin'], cpu: ['x64'], optional: true },
  };
  const ask = (installed: Record<string, string>) => {
    const there = Object.fromEntries(
      Object.entries(installed).map(([name, version]) => [`node_modules/${name}`, { version }]),
    );
    const [lock, record] = [packages, there].map((each) => JSON.stringify({ packages: each }));
    return isInstalled(lock, record, { platform: 'linux', arch: 'x64' });
  };
  assert.ok(ask({ a: '1.0.0', 'b-linux': '1.0.0' }));
  assert.ok(!ask({ a: '1.0.0' }));
  assert.ok(!ask({ a: '1.0.1', 'b-linux': '1.0.0' }));
});

Deno.test('problemsOfFunctions: a folder that config.toml lacks or lists differently → named', () => {
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

Deno.test('checkImports: two files that import each other → the circle as a path', () => {
  const { problems } = checkImports(
    new Map([
      ['local/stack/a.ts', "import { b } from './b.ts';"],
      ['local/stack/b.ts', "const { c } = await import('./c.ts');"],
      ['local/stack/c.ts', "export * from './a.ts';"],
    ]),
  );
  assert.deepEqual(problems, [
    'Files in a circle: local/stack/a.ts → local/stack/b.ts → local/stack/c.ts → local/stack/a.ts',
  ]);
});

Deno.test('checkImports: two folders that import each other → the circle and the imports that make it', () => {
  const { problems } = checkImports(
    new Map([
      ['supabase/functions/_shared/jobs/one.ts', "import { two } from '../http/two.ts';"],
      ['supabase/functions/_shared/http/two.ts', ''],
      ['supabase/functions/_shared/http/three.ts', "import '../jobs/four.ts';"],
      ['supabase/functions/_shared/jobs/four.ts', ''],
    ]),
  );
  assert.deepEqual(problems, [
    [
      'Folders in a circle: supabase/functions/_shared/http → supabase/functions/_shared/jobs → supabase/functions/_shared/http',
      '  supabase/functions/_shared/http/three.ts imports supabase/functions/_shared/jobs/four.ts',
      '  supabase/functions/_shared/jobs/one.ts imports supabase/functions/_shared/http/two.ts',
    ].join('\n'),
  ]);
});

Deno.test('checkImports: the product imports local/, or the stack its tools → named; fixtures in tests → accepted', () => {
  const { problems } = checkImports(
    new Map([
      ['supabase/functions/jobs/index.ts', "import '../../../local/stack/ports.mjs';"],
      ['supabase/functions/_shared/http/days.test.ts', "import days from '../../../../tests/fixtures/days.json';"],
      ['local/stack/stack.mjs', "import { capture } from '../tools/capture.mjs';"],
    ]),
  );
  assert.deepEqual(problems, [
    'supabase/functions/jobs/index.ts imports local/stack/ports.mjs: the product imports its own files only',
    'local/stack/stack.mjs imports local/tools/capture.mjs: tools and sandbox are above the stack',
  ]);
});

Deno.test('checkImports: the figures → folders, floors from the deepest import up, arrows between folders', () => {
  const { figures } = checkImports(
    new Map([
      ['local/tools/cli.mjs', "import './commands/start.mjs'; import '../stack/ports.mjs';"],
      ['local/tools/commands/start.mjs', "import '../../stack/ports.mjs'; import '../../stack/facts.mjs';"],
      ['local/stack/ports.mjs', ''],
    ]),
  );
  assert.deepEqual(figures, { folders: 3, floors: 3, arrows: 3 });
});
