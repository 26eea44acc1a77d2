const WINDOW_SECONDS = 600;

// Hundreds of concurrent requests take longer on a busy machine.
const ROOM_SECONDS = 60;

/** Waits if a limit's window is about to end, because the next one starts at zero. */
export async function awayFromTheEdge(): Promise<void> {
  const left = WINDOW_SECONDS - (Date.now() / 1000) % WINDOW_SECONDS;
  if (left < ROOM_SECONDS) await new Promise((resume) => setTimeout(resume, left * 1000 + 100));
}
