import type { Faults } from './faults.ts';
import type { Store } from './store.ts';

/** The shared state of all stand-ins. */
export interface World {
  store: Store;
  faults: Faults;
  /** Runs work after a delay, unless the sandbox is closed before. */
  later(milliseconds: number, work: () => void | Promise<void>): void;
}

/** One provider's stand-in: answers the requests whose path begins with its prefix. */
export interface StandIn {
  prefix: string;
  answer(request: Request): Promise<Response>;
}
