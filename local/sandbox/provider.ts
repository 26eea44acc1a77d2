import type { Faults } from './faults.ts';
import type { Store } from './store.ts';

/** What every stand-in works with. */
export interface World {
  store: Store;
  faults: Faults;
  /** Runs something a little later, unless the sandbox is closed before. */
  later(milliseconds: number, work: () => void | Promise<void>): void;
}

/** One provider's stand-in: answers the requests whose path begins with its prefix. */
export interface StandIn {
  prefix: string;
  answer(request: Request): Promise<Response>;
}
