const PAUSE_MS = 50;

type Nothing = false | null | undefined;

/**
 * Waits until `look` finds something, and returns it. Gives up after as many looks as fit into so many seconds on an idle
 * machine. Between two looks the stack must have answered a request: whoever is starved of time is looked at less often, so
 * that what is slow is told from what never comes.
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
    await Promise.all([new Promise((resume) => setTimeout(resume, PAUSE_MS)), breath()]);
  }
  const passed = Math.round((performance.now() - startedAt) / 1000);
  throw new Error(`Still not so after ${looks} looks in ${passed} s: ${what}`);
}

/** Takes as long as the stack takes for an answer that costs nothing. */
async function breath(): Promise<void> {
  try {
    const response = await fetch(`${Deno.env.get('API_URL')}/auth/v1/.well-known/jwks.json`);
    await response.body?.cancel();
  } catch {
    // There is no stack, or somebody has killed it.
  }
}
