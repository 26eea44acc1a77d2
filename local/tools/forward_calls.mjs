/** Reads the statements of the migration files, and finds those that name a function, table or view of a later file. */
import { readFileSync } from 'node:fs';
import { migrationFiles } from '../stack/migrate.mjs';
import { inProject } from '../stack/paths.mjs';

const CREATED =
  /^create (?:or replace )?(?:function|table|(?:materialized )?view|type|domain) ((?:private|public)\.\w+)/gm;
const PUBLISHED = /\bprivate\.publish\(\s*'private\.(\w+)/g;
const STATEMENT = /^(?:create|alter|comment|grant|revoke|insert|update|select|do)\b/gm;
const NAME = /\b(?:private|public)\.\w+/g;

/** The project's migration files in their order. */
const migrations = () =>
  migrationFiles().map((name) => ({ name, sql: readFileSync(inProject('supabase', 'migrations', name), 'utf8') }));

/** The forward calls of the project's migrations. */
export const forwardCalls = () => forwardCallsOf(migrations());

/**
 * The statements of the project's migrations without comments: the file, what each creates (or its first line), and its text.
 *
 * @returns {{ file: string, title: string, sql: string }[]}
 */
export function migrationStatements() {
  return migrations().flatMap(({ name, sql }) =>
    statementsOf(withoutComments(sql)).map((statement) => ({ file: name, title: titleOf(statement), sql: statement }))
  );
}

/**
 * Each `{ caller, callerFile, called, calledFile }` where a statement of one file names what only a later file creates.
 * Texts count as well as code, since dynamic SQL and `regprocedure` name functions in them; comments do not.
 *
 * @param {{ name: string, sql: string }[]} files
 * @returns {{ caller: string, callerFile: string, called: string, calledFile: string }[]}
 */
export function forwardCallsOf(files) {
  const sources = files.map(({ name, sql }) => ({ name, sql: withoutComments(sql) }));
  const home = /** @type {Map<string, string>} */ (new Map());
  for (const { name, sql } of sources) {
    const created = [
      ...[...sql.matchAll(CREATED)].map(([, it]) => it),
      ...[...sql.matchAll(PUBLISHED)].map(([, it]) => `public.${it}`),
    ];
    for (const it of created) if (!home.has(it)) home.set(it, name);
  }
  return sources.flatMap(({ name, sql }) =>
    statementsOf(sql).flatMap((statement) => {
      const called = new Set(statement.match(NAME) ?? []);
      return [...called].filter((it) => (home.get(it) ?? name) > name)
        .map((it) => ({ caller: titleOf(statement), callerFile: name, called: it, calledFile: home.get(it) }));
    })
  );
}

const withoutComments = (sql) => sql.replace(/--[^\n]*/g, '');

function statementsOf(sql) {
  const starts = [...sql.matchAll(STATEMENT)].map(({ index }) => index);
  return starts.map((start, n) => sql.slice(start, starts[n + 1])).filter((it) => !it.startsWith('comment '));
}

/** A statement by what it creates: a function or relation by its name, a policy, trigger or another statement by its first line. */
function titleOf(statement) {
  const [, name] = /^create (?:or replace )?(?:function|table|(?:materialized )?view) ([\w.]+)/.exec(statement) ?? [];
  return name ?? statement.split('\n')[0].trim();
}
