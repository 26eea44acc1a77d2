const WINDOW_SECONDS = 600;

/** Waits if a limit's window is about to end, because in the next one everybody begins anew. */
export async function awayFromTheEdge(): Promise<void> {
  const left = WINDOW_SECONDS - (Date.now() / 1000) % WINDOW_SECONDS;
  if (left < 15) await new Promise((resume) => setTimeout(resume, left * 1000 + 100));
}
