const PAUSE_MS = 50;

type Nothing = false | null | undefined;

/** Waits until `look` finds something, and returns it. */
export async function eventually<Found>(
  what: string,
  look: () => Promise<Found | Nothing>,
  seconds = 20,
): Promise<Exclude<Found, Nothing>> {
  const deadline = performance.now() + seconds * 1000;
  while (true) {
    const found = await look();
    if (found) return found as Exclude<Found, Nothing>;
    if (performance.now() > deadline) throw new Error(`Still not so after ${seconds} s: ${what}`);
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
}
