/** Conventions that only the migration files show; those of the catalog are in supabase/tests/conventions.test.sql. */
import assert from 'node:assert/strict';
import { forwardCalls, forwardCallsOf, migrationStatements } from './forward_calls.mjs';

Deno.test('migrations: a function, view, trigger or policy that uses a later file → none', () => {
  const problems = forwardCalls().map((it) =>
    `${it.caller} (${it.callerFile}) calls ${it.called} of the later file ${it.calledFile}: move one of them`
  );
  assert.deepEqual(problems, []);
});

Deno.test('forwardCallsOf: functions, policies and texts → named; comments and the file itself → not', () => {
  const first = `-- private.later() in a comment
create function private.first() returns int language sql as $$ select private.later() + private.own() $$;
create function private.own() returns int language sql as $$ select 1 $$;
comment on function private.first is 'Calls private.later.';
create policy "Readers" on public.t for select using (private.later() = 1);
select 'private.later()'::regprocedure;
create function private.published() returns int language sql as $$ select public.body() $$;`;
  const second = `create function private.later() returns int language sql as $$ select private.first() $$;
select private.publish('private.body(int)'::regprocedure, '{authenticated}', 'Text.');`;
  const found = forwardCallsOf([{ name: '1.sql', sql: first }, { name: '2.sql', sql: second }]);
  assert.deepEqual(found.map((it) => [it.caller, it.called]), [
    ['private.first', 'private.later'],
    ['create policy "Readers" on public.t for select using (private.later() = 1);', 'private.later'],
    ["select 'private.later()'::regprocedure;", 'private.later'],
    ['private.published', 'public.body'],
  ]);
  assert.deepEqual([found[0].callerFile, found[0].calledFile], ['1.sql', '2.sql']);
});

// Their refusals must leave rows (an attempt, a trace, a pending reward), or end a part of their work. All others propagate.
const catchers = [
  'private.record_refusal',
  'private.provision',
  'private.revive_purchase',
  'public.confirm_redemption',
  'public.redeem_voucher',
  'public.validate_voucher',
];

Deno.test('migrations: a function that catches refusals → keeps rows of them', () => {
  const found = migrationStatements().filter(({ sql }) => /exception\s+when others/.test(sql))
    .map(({ title, file }) => ({ title, file }));
  assert.deepEqual(found.filter(({ title }) => !catchers.includes(title)), []);
  assert.ok(found.some(({ title }) => title === 'public.confirm_redemption'), 'the search finds those that do');
});

Deno.test('migrations: a file of more than 400 lines → none', async () => {
  const folder = new URL('../../supabase/migrations/', import.meta.url);
  const long: string[] = [];
  for (const { name } of Deno.readDirSync(folder)) {
    const lines = (await Deno.readTextFile(new URL(name, folder))).split('\n').length - 1;
    if (lines > 400) long.push(`${name}: ${lines}`);
  }
  assert.deepEqual(long, []);
});

Deno.test('migrations: a grant of a function → stands beside it', () => {
  const created = new Map<string, string>();
  const strays: string[] = [];
  for (const { file, title, sql } of migrationStatements()) {
    if (sql.startsWith('create ')) created.set(file, title);
    const [, list] = /^grant execute on function ([\s\S]*?) to /.exec(sql) ?? [];
    const names: string[] = list?.match(/(?:public|private)\.\w+/g) ?? [];
    const isStray = names.length !== 1 || names[0] !== created.get(file);
    if (list && isStray) strays.push(`${file}: ${sql.trim()}`);
  }
  assert.deepEqual(strays, []);
});

Deno.test('docs: a name of the private schema, and its file → exist', async () => {
  const statements = migrationStatements();
  const migrations = statements.map(({ sql }) => sql).join('\n');
  const lost: string[] = [];
  for (const name of ['architecture', 'functions', 'states', 'errors', 'deploying']) {
    const text = await Deno.readTextFile(new URL(`../../docs/${name}.md`, import.meta.url));
    for (const [, used] of text.matchAll(/`(private\.\w+)/g)) {
      if (!new RegExp(`${used}\\b`).test(migrations)) lost.push(`docs/${name}.md: ${used}`);
    }
    for (const [, called, file] of text.matchAll(/`private\.(\w+)` \(`(\w+)`/g)) {
      const isThere = statements.some((it) => it.file.includes(`_${file}.sql`) && it.title === `private.${called}`);
      if (!isThere) lost.push(`docs/${name}.md: private.${called} is not in ${file}`);
    }
  }
  assert.deepEqual(lost, []);
});
