/** Runs pgTAP files without pg_prove: one connection a file, all rows of all statements are TAP lines. */
import { readFileSync } from 'node:fs';
import postgres from 'postgres';
import { databaseUrl, withDatabase } from '../../stack/database.mjs';
import { inProject } from '../../stack/paths.mjs';
import { loadFactories } from './factories.mjs';

const lanes = 4;

/** Copies the database once for each lane, so that files never wait for each other; call it before others connect. */
export async function preparePgtap({ port, password }) {
  const server = databaseUrl({ port, password, role: 'supabase_admin', database: 'template1' });
  const copy = (name, source) => `create database ${name} owner postgres template ${source} strategy file_copy`;
  await withDatabase(server, (sql) => sql.unsafe(copy('pgtap_1', 'postgres')));
  const first = (role) => databaseUrl({ port, password, role, database: 'pgtap_1' });
  await withDatabase(first('supabase_admin'), (sql) => sql.unsafe('create extension pgtap with schema extensions'));
  await loadFactories(first('postgres'));
  await withDatabase(server, async (sql) => {
    for (let lane = 2; lane <= lanes; lane++) await sql.unsafe(copy(`pgtap_${lane}`, 'pgtap_1'));
  });
}

/** Runs the files and returns how many assertions passed and failed. */
export async function runPgtap({ port, password }, files) {
  const counts = { passed: 0, failed: 0 };
  const waiting = [...files];
  const work = async (lane) => {
    const url = databaseUrl({ port, password, database: `pgtap_${lane}` });
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const result = await runFile(url, file);
      counts.passed += result.passed;
      counts.failed += result.failed;
      if (result.failed > 0) console.log(`FAILED  ${file}\n${result.problems.map((line) => `    ${line}`).join('\n')}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, at) => work(at + 1)));
  return counts;
}

async function runFile(url, file) {
  const text = readFileSync(inProject(file), 'utf8');
  const notices = [];
  const sql = postgres(url, {
    max: 1,
    onnotice: ({ severity, message }) => severity !== 'NOTICE' && notices.push(message),
  });
  const lines = [];
  let error;
  try {
    // forEach streams the rows of every statement, so what ran before an error is kept.
    await sql.unsafe(text).simple().forEach((row) => {
      for (const value of Object.values(row)) if (typeof value === 'string') lines.push(...value.split('\n'));
    });
  } catch (thrown) {
    error = thrown;
  } finally {
    await sql.end({ timeout: 2 });
  }
  const result = readTap(lines);
  if (error) result.unfinished = describe(error, text);
  return judge(result, notices);
}

/** Counts the assertions of TAP lines and collects what belongs to failures. */
export function readTap(lines) {
  const plan = lines.map((line) => /^1\.\.(\d+)/.exec(line)).find(Boolean);
  const isFailure = (line) => /^not ok \d+/.test(line) && !/# TODO/i.test(line);
  const isDiagnosis = (line) => line.startsWith('#') && !/^# (SKIP|TODO)/i.test(line);
  const passed = lines.filter((line) => /^ok \d+/.test(line) || (/^not ok/.test(line) && !isFailure(line))).length;
  const failed = lines.filter(isFailure).length;
  // pg_prove, which `supabase test db` runs, counts such a line as a test without a number.
  const strays = lines.filter((line) => /^(not )?ok\b(?! \d)/.test(line));
  const problems = lines.filter((line) => isFailure(line) || isDiagnosis(line));
  const planned = plan ? Number(plan[1]) : null;
  let unfinished = null;
  if (planned === null) unfinished = 'There is no plan.';
  else if (strays.length > 0) {
    unfinished = `A statement prints "${strays[0]}", which reads as a test: assert it instead.`;
  } else if (planned !== passed + failed) unfinished = `It planned ${planned} assertions and made ${passed + failed}.`;
  return { passed, failed, problems, unfinished };
}

function judge({ passed, failed, problems, unfinished }, notices) {
  if (!unfinished) return { passed, failed, problems: [...problems, ...notices] };
  return { passed, failed: failed + 1, problems: [...problems, unfinished, ...notices] };
}

function describe({ severity, code, message, position, detail, hint, where }, text) {
  const place = position ? ` (line ${text.slice(0, Number(position)).split('\n').length})` : '';
  const more = [detail && `Detail: ${detail}`, hint && `Hint: ${hint}`, where && `Where: ${where}`].filter(Boolean);
  return [`${severity ?? 'ERROR'} ${code ?? ''}: ${message}${place}`, ...more].join('\n    ');
}
