/** Parses a command line, and writes the help of each command. */
import { parseArgs } from 'node:util';

const dataOption = { value: 'folder', help: 'data folder of the stack (default: .local)' };

/** Every command: what it does, the options it takes, and the name of the further arguments it takes, if any. */
export const commands = {
  start: {
    summary: 'starts the stack on fixed ports and keeps its data; Ctrl-C stops it',
    options: {
      port: { value: 'number', help: 'port of the API (default: 54321); Postgres takes the next one, the sandbox + 9' },
      data: dataOption,
      fast: { help: 'run Postgres without fsync: a crash of the machine may lose data' },
      json: { help: 'print log lines as JSON, as hosted functions write them' },
    },
    more: `npm start -- status   tells whether it runs, and where
  npm start -- stop     stops it from another terminal`,
  },
  status: {
    summary: 'prints URLs, ports, processes, uptime, data folder, and the last round of each job',
    options: { data: dataOption },
  },
  stop: { summary: 'stops a running stack and waits until it has ended', options: { data: dataOption } },
  reset: { summary: 'deletes the data of the stack; refuses while it runs', options: { data: dataOption } },
  demo: { summary: 'plays scenes of each journey on a throwaway stack and prints what happens', options: {} },
  test: {
    summary: 'runs all tests on a throwaway stack, or those whose path contains one of the parts',
    options: {},
    takes: 'part of a path',
  },
  check: { summary: 'checks format, lint, types, imports, migrations and generated files', options: {} },
  bench: {
    summary: 'measures on a durable throwaway stack: everything, or the named benchmarks',
    options: {},
    takes: 'name',
  },
  types: { summary: 'regenerates the committed files that are made from migrations and catalogues', options: {} },
  fmt: { summary: 'formats TypeScript and JavaScript', options: {} },
  smoke: {
    summary: 'probes a deployment from outside (docs/deploying.md)',
    options: {
      url: { value: 'url', help: 'https://<ref>.supabase.co (required)' },
      key: { value: 'key', help: 'a secret key, sb_secret_… (required)' },
      publishable: { value: 'key', help: 'the publishable key' },
      'db-url': { value: 'url', help: 'connection string of the database' },
      'jobs-token': { value: 'token', help: 'the function secret JOBS_TOKEN' },
      'twilio-token': { value: 'token', help: 'the function secret TWILIO_AUTH_TOKEN' },
    },
  },
};

const MAX_PORT = 65_000; // the sandbox takes a port above it

/** The command, its options and further arguments; or `help`, the text to print instead. Throws what is wrong, with the nearest name. */
export function parseCommandLine(argv) {
  const allOptions = Object.assign({}, ...Object.values(commands).map(({ options }) => options));
  const { tokens } = parseArgs({
    args: argv,
    strict: false,
    tokens: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      ...Object.fromEntries(
        Object.entries(allOptions).map(([name, { value }]) => [name, { type: value ? 'string' : 'boolean' }]),
      ),
    },
  });
  const words = tokens.filter(({ kind }) => kind === 'positional').map(({ value }) => value);
  const given = tokens.filter(({ kind }) => kind === 'option');
  const name = commandIn(words);
  if (given.some(({ name }) => name === 'help')) return { help: name ? helpOf(name) : overview() };
  if (!name) return { help: overview() };
  const options = optionsOf(name, given);
  const { takes } = commands[name];
  if (words.length > 0 && !takes) throw new Error(`${name} takes no "${words[0]}".${nearest(words[0], commands)}`);
  return { command: name, options, filters: words };
}

/** Takes the command from the words; `start status` is `status`, because `npm start -- status` says both. */
function commandIn(words) {
  const name = words.shift();
  if (name === undefined) return null;
  if (!Object.hasOwn(commands, name)) {
    const help = nearest(name, commands) || ` Commands: ${Object.keys(commands).join(', ')}.`;
    throw new Error(`There is no command "${name}".${help}`);
  }
  return name === 'start' && ['status', 'stop'].includes(words[0]) ? words.shift() : name;
}

function optionsOf(command, given) {
  const known = commands[command].options;
  const options = {};
  for (const { name, rawName, value } of given) {
    if (!Object.hasOwn(known, name)) {
      const all = Object.keys(known).map((option) => `--${option}`).join(', ');
      const help = nearest(name, known, '--') || (all ? ` It takes ${all}.` : ' It takes none.');
      throw new Error(`${command} has no option ${rawName}.${help}`);
    }
    if (known[name].value && (value === undefined || value === '')) {
      throw new Error(`${rawName} needs a value: ${rawName} <${known[name].value}>`);
    }
    if (!known[name].value && value !== undefined) throw new Error(`${rawName} takes no value.`);
    options[name] = name === 'port' ? portOf(value) : value ?? true;
  }
  return options;
}

function portOf(text) {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new Error(`--port must be a number from 0 to ${MAX_PORT}, not "${text}".`);
}

/** ` Did you mean …?` with the name that differs least, or an empty text when none is near. */
function nearest(name, known, prefix = '') {
  const [best] = Object.keys(known).map((one) => ({ one, distance: distanceOf(name, one) }))
    .sort((a, b) => a.distance - b.distance);
  return best && best.distance <= Math.max(1, Math.floor(name.length / 2)) ? ` Did you mean ${prefix}${best.one}?` : '';
}

// Edits, with swapped neighbours as one; written here because the npm packages may not be installed yet.
function distanceOf(one, other) {
  const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (isSame ? 0 : 1));
      if (isSwapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[one.length][other.length];
}

function overview() {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${callOf(name).padEnd(24)}${summary}`);
  return `Rewardbase: the rewards backend for Supabase.\n\n${
    lines.join('\n')
  }\n\nHelp for one: npm run <command> -- --help`;
}

function helpOf(name) {
  const { summary, options, takes, more } = commands[name];
  const usage = `${callOf(name)}${Object.keys(options).length > 0 || takes ? ' --' : ''}` +
    `${Object.keys(options).length > 0 ? ' [options]' : ''}${takes ? ` [<${takes}> …]` : ''}`;
  const lines = Object.entries(options).map(([option, { value, help }]) =>
    `  ${`--${option}${value ? ` <${value}>` : ''}`.padEnd(24)}${help}`
  );
  const parts = [
    `${usage}\n\n  ${summary}`,
    lines.length > 0 && `Options:\n${lines.join('\n')}`,
    more && `See also:\n  ${more}`,
  ];
  return parts.filter(Boolean).join('\n\n');
}

function callOf(name) {
  if (name === 'start' || name === 'test') return `npm ${name}`;
  return name === 'status' || name === 'stop' ? `npm start -- ${name}` : `npm run ${name}`;
}
