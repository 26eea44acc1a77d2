/** Prints what the processes of a stack write as lines for people: time, level, function, message, key=value. */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { inProject } from './paths.mjs';

const MIN_SECRET_LENGTH = 12; // shorter values occur in ordinary text

/**
 * A function that takes one line of a process and returns the text to print, or null for a line that is left out: rounds of jobs
 * that found nothing to do. With `json` lines stay as the functions write them. No secret is printed in either form.
 */
export function logPrinter({ secrets, json = false, clock = () => new Date() }) {
  const values = secretValues(secrets);
  const mask = (text) => values.reduce((masked, value) => masked.replaceAll(value, '…'), text);
  return (line, { level, source }) => {
    const entry = entryOf(line);
    if (entry?.message === '[JOBS] Round' && entry.idle) return null;
    if (json) return mask(line);
    if (/^\s/.test(line)) return mask(line); // goes on with the line before it, as stack traces do
    return mask(entry ? formatEntry(entry, clock(), { level, source }) : formatText(line, clock(), { level, source }));
  };
}

/** The secrets of a data folder, and those of supabase/functions/.env. */
export function secretValues(secrets, environment = ownEnvironment()) {
  const isSecret = (name) => !/public|publishable/i.test(name) && name !== 'kid';
  const inside = (value, name = '') => {
    if (!isSecret(name)) return [];
    if (typeof value === 'string') return value.split(/[,:]/).concat(value);
    return Object.entries(value ?? {}).flatMap(([key, inner]) => inside(inner, key));
  };
  const named = Object.entries(environment).filter(([name]) => /KEY|TOKEN|SECRET|PASSWORD/.test(name));
  const values = [...inside(secrets), ...inside(Object.fromEntries(named))];
  return [...new Set(values)].filter((value) => value.length >= MIN_SECRET_LENGTH).sort((a, b) => b.length - a.length);
}

function ownEnvironment() {
  const file = inProject('supabase', 'functions', '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
}

/** The fields of a structured line, or null for any other text. */
function entryOf(line) {
  if (!line.startsWith('{')) return null;
  try {
    const entry = JSON.parse(line);
    return typeof entry.message === 'string' ? entry : null;
  } catch {
    return null;
  }
}

function formatEntry({ message, level: _level, function: name, cause, ...fields }, time, { level, source }) {
  const pairs = Object.entries({ ...fields, ...(cause ? { cause: causeOf(cause) } : {}) });
  const traces = stacksOf(cause).map((trace) => `\n    ${trace}`);
  const values = pairs.map(([key, value]) => ` ${key}=${valueOf(value)}`);
  return head(time, _level ?? level, name ?? source) + printable(message) + values.join('') + traces.join('');
}

function formatText(line, time, { level, source }) {
  return head(time, isRefusal(line) ? 'info' : level, source) + line.replace(new RegExp(`^\\[?${source}\\]?:? `), '');
}

// lite prints every error of the database; a refusal is an answer as expected, and functions log theirs as info, too.
function isRefusal(line) {
  return /^\[rest\] (?!RB5|GC01[35])(GC|RB|VC|WL)\d{3} /.test(line);
}

function head(time, level, name) {
  const clock = time.toTimeString().slice(0, 8);
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')} ${level.padEnd(5)} ${name}  `;
}

/** A value in one line; quoted when it has a space, a quote or nothing in it. */
function valueOf(value) {
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^[^\s"=]+$/.test(value) ? printable(value) : JSON.stringify(value);
}

/** Without the control characters by which a value could write lines or colors of its own. */
function printable(text) {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (character) => JSON.stringify(character).slice(1, -1));
}

const causeOf = ({ name, message, thrown }) => name ? `${name}: ${message}` : String(thrown);

/** The frames of a cause and of the causes below it. */
function stacksOf(cause) {
  if (!cause) return [];
  const frames = String(cause.stack ?? '').split('\n').map((line) => line.trim()).filter((line) =>
    line.startsWith('at ')
  );
  const inner = cause.cause ? [`caused by ${causeOf(cause.cause)}`, ...stacksOf(cause.cause)] : [];
  return [...frames, ...inner].map(printable);
}
