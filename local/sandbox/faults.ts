/** A fault for messages to one address, or to all addresses with its prefix. */
export interface Fault {
  provider: string;
  /** Address or prefix; empty for every address. */
  to: string;
  /** An HTTP status, a provider's error code, `timeout_before_accepting` or `_after_`, or a kind of callback. */
  kind: string;
  /** Number of messages that it affects. */
  times: number;
  /** After a timeout kind, the connection is cut this many milliseconds later; by default the caller times out first. */
  holdMs?: number;
  /** The error code that an `undelivered` or `failed` callback carries. */
  errorCode?: number;
  /** The statuses to call back with instead of the usual ones; an empty list for none. */
  callbacks?: string[];
}

/** Thrown by a provider that does not answer. */
export class NoAnswer extends Error {
  constructor(readonly holdMs: number) {
    super('no answer');
  }
}

const FOREVER_MS = 60_000;

/** The faults that are still due. */
export class Faults {
  #faults: Fault[] = [];

  /** Adds a fault from an HTTP body; throws when it is invalid. */
  add(order: Partial<Fault>): Fault {
    const { provider, kind, to = '', times = 1 } = order;
    if (typeof provider !== 'string' || typeof kind !== 'string' || typeof to !== 'string' || !(times > 0)) {
      throw new TypeError('a fault needs provider, kind and perhaps to, times, holdMs, errorCode, callbacks');
    }
    const fault = { ...order, provider, kind, to, times };
    this.#faults.push(fault);
    return fault;
  }

  list(): Fault[] {
    return this.#faults;
  }

  /** Clears the faults for an address, or all. */
  clear(to?: string): void {
    this.#faults = to === undefined ? [] : this.#faults.filter((fault) => fault.to !== to);
  }

  /** The next fault for a message to this address; counts as used once. */
  take(provider: string, to: string): Fault | undefined {
    const fault = this.#faults.find((one) => one.provider === provider && to.startsWith(one.to));
    if (fault && --fault.times === 0) this.#faults.splice(this.#faults.indexOf(fault), 1);
    return fault;
  }
}

/** Ends the request without an answer if the fault is a timeout at this point. */
export function timeOut(fault: Fault | undefined, point: 'before' | 'after'): void {
  if (fault?.kind === `timeout_${point}_accepting`) throw new NoAnswer(fault.holdMs ?? FOREVER_MS);
}
