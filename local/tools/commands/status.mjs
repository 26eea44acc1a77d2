/** `npm start -- status`: tells whether a stack runs, where, and what its jobs did last. */
import { join } from 'node:path';
import { runningFacts } from '../../stack/facts.mjs';

/** Prints what stack.json and the running stack say; keys are left out. */
export default async function status({ dataFolder }) {
  const facts = runningFacts(dataFolder);
  if (!facts) return console.log(`Nothing runs on ${dataFolder}. Start it: npm start`);
  console.log(describeStack({ facts, dataFolder, now: Date.now(), ...await roundsOf(facts) }));
}

/** The rounds of the scheduler and the jobs with an open alert; or why they cannot be read. */
async function roundsOf({ apiUrl, secretKey }) {
  try {
    // The first REST call after a start reads the schema, which takes seconds on a busy machine.
    const read = async (path) => {
      const response = await fetch(apiUrl + path, {
        headers: { apikey: secretKey },
        signal: AbortSignal.timeout(20_000),
      });
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
      return await response.json();
    };
    const alerts = await read('/rest/v1/system_alerts?select=metadata&alert_type=eq.job_failed&resolved_at=is.null');
    return { rounds: await read('/_local/jobs'), failed: alerts.map(({ metadata }) => metadata?.job) };
  } catch (error) {
    return { problem: error.message };
  }
}

/**
 * The text of a running stack.
 * @param {{ facts: any, dataFolder: string, now: number, rounds?: any, failed?: string[], problem?: string }} stack
 */
export function describeStack({ facts, dataFolder, now, rounds, failed = [], problem }) {
  const { ports, pids } = facts;
  const list = (entries) => Object.entries(entries).map(([name, value]) => `${name} ${value}`).join(', ');
  const jobs = rounds
    ? Object.entries(rounds).map(([job, round]) =>
      `  ${job.padEnd(22)}${describeRound(round, now, failed.includes(job))}`
    )
    : [`  could not be read: ${problem}`];
  return `Rewardbase runs since ${new Date(facts.startedAt).toLocaleString()} (${
    duration(now - Date.parse(facts.startedAt))
  }).

  API        ${facts.apiUrl}
  Studio     ${facts.studioUrl ?? '(none)'}
  Sandbox    ${facts.sandboxUrl}
  Database   ${facts.dbUrl}
  Ports      ${list(ports)}
  Processes  ${list(pids)}
  Data       ${dataFolder}
  Keys       in ${join(dataFolder, 'stack.json')}

Last round of each job:
${jobs.join('\n')}`;
}

function describeRound({ endedAt, milliseconds, problem }, now, hasFailed) {
  if (!endedAt) return 'none yet';
  const result = problem ? `not answered: ${problem}` : hasFailed ? 'failed, see the log' : 'ok';
  return `${duration(now - Date.parse(endedAt))} ago, took ${milliseconds} ms, ${result}`;
}

/** As people say it: the two largest units. */
function duration(milliseconds) {
  const units = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]];
  let rest = Math.max(0, Math.round(milliseconds / 1000));
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return { unit, count };
  });
  const first = parts.findIndex(({ count }) => count > 0);
  if (first < 0) return '0 s';
  return parts.slice(first, first + 2).filter(({ count }) => count > 0).map(({ unit, count }) => `${count} ${unit}`)
    .join(' ');
}
