interface EdgeRuntime {
  waitUntil(work: Promise<unknown>): void;
}

/** Continues work after the answer; without it the hosted runtime may stop the worker. */
export function inBackground(work: Promise<unknown>): void {
  (globalThis as { EdgeRuntime?: EdgeRuntime }).EdgeRuntime?.waitUntil(work);
}
