const WINDOW_SECONDS = 600;

/** Waits if a limit's window is about to end: a test that began in one must not end in the next, where all begin anew. */
export async function awayFromTheEdge(): Promise<void> {
  const left = WINDOW_SECONDS - (Date.now() / 1000) % WINDOW_SECONDS;
  if (left < 15) await new Promise((resume) => setTimeout(resume, left * 1000 + 100));
}
