const WINDOW_SECONDS = 600;

// Hundreds of requests at once take their time where others work beside them.
const ROOM_SECONDS = 60;

/** Waits if a limit's window is about to end, because in the next one everybody begins anew. */
export async function awayFromTheEdge(): Promise<void> {
  const left = WINDOW_SECONDS - (Date.now() / 1000) % WINDOW_SECONDS;
  if (left < ROOM_SECONDS) await new Promise((resume) => setTimeout(resume, left * 1000 + 100));
}
