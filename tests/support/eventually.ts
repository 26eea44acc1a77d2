const PAUSE_MS = 50;
const LOOKS_IN_A_BREATH = 10;

type Nothing = false | null | undefined;

/**
 * Waits until `look` finds something, and returns it. Gives up after as many looks as fit into so many seconds on an idle
 * machine. Now and then its jobs must have answered between two looks: a stack that is starved of time is looked at less
 * often, so that slow and never are different failures.
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
    if (count % LOOKS_IN_A_BREATH === LOOKS_IN_A_BREATH - 1) await breath();
  }
  const passed = Math.round((performance.now() - startedAt) / 1000);
  throw new Error(`Still not so after ${looks} looks in ${passed} s: ${what}`);
}

/** Waits as long as a round of a job that is rarely due. */
async function breath(): Promise<void> {
  try {
    const response = await fetch(`${Deno.env.get('API_URL')}/functions/v1/jobs`, {
      method: 'POST',
      headers: {
        'apikey': Deno.env.get('JOBS_KEY')!,
        'content-type': 'application/json',
        'x-local-settled': 'yes',
      },
      body: '{"job":"release-holds"}',
    });
    await response.body?.cancel();
  } catch {
    // The stack does not run, or was killed.
  }
}
