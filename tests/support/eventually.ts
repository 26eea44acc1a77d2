const PAUSE_MS = 50;

type Nothing = false | null | undefined;

/**
 * Waits until `look` finds something, and returns it. Gives up after as many looks as fit into so many seconds where a look
 * takes no time: how often was looked tells what the machine had time for, the clock does not.
 */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | Nothing>,
  seconds = 20,
): Promise<Exclude<Found, Nothing>> {
  const startedAt = performance.now();
  const looks = seconds * 1000 / PAUSE_MS;
  for (let count = 0; count < looks; count++) {
    const found = await look();
    if (found) return found as Exclude<Found, Nothing>;
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
  const passed = Math.round((performance.now() - startedAt) / 1000);
  throw new Error(`Still not so after ${looks} looks in ${passed} s: ${what}`);
}
