interface EdgeRuntime {
  waitUntil(work: Promise<unknown>): void;
}

/** Lets work go on after the answer: the hosted runtime would stop a worker that has answered; elsewhere nothing does. */
export function inBackground(work: Promise<unknown>): void {
  (globalThis as { EdgeRuntime?: EdgeRuntime }).EdgeRuntime?.waitUntil(work);
}
