/** Ends a command in order: what was started last is stopped first, also on Ctrl-C and when our own parent is gone. */

const stops = [];
let ending = null;

/** Registers how to stop something that was just started, or to clean up after it. */
export function atEnd(stop) {
  stops.push(stop);
}

/** Stops everything that was started. */
export function endAll() {
  ending ??= stopInOrder();
  return ending;
}

async function stopInOrder() {
  while (stops.length > 0) {
    try {
      await stops.pop()();
    } catch (error) {
      console.error(error); // the others must be stopped all the same
    }
  }
}

/** Whether the end has begun, so that a part that stops is no surprise. */
export const isEnding = () => ending !== null;

/** Ends in order when asked to; exits with `code`. */
export function obeySignals(code) {
  const end = async () => {
    if (isEnding()) return;
    await endAll();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  // npm runs us through a shell that does not pass SIGTERM on: when it is killed we only see another parent.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end(), 500).unref();
}
