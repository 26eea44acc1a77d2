/** Ends a command in order on Ctrl-C, on SIGTERM, and when the process that started it is gone. */

/** Calls `stop` once when this process is asked to end, then exits with `code`; says whether that has begun. */
export function endInOrder(stop, code = 130) {
  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    await stop();
    process.exit(code);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
  // npm runs us through a shell that does not pass SIGTERM on: when it is killed we only see another parent.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && end(), 500).unref();
  return { isEnding: () => isEnding };
}
