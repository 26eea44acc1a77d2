/** An order to fail, for messages to one address or to all that begin like it. */
export interface Fault {
  provider: string;
  /** Address or the beginning of one; empty for every address. */
  to: string;
  /** An HTTP status, a provider's error code, `timeout_before_accepting` or `_after_`, or a kind of callback. */
  kind: string;
  /** How many messages it hits. */
  times: number;
  /** After a timeout kind, the connection is cut this many milliseconds later; by default the caller gives up first. */
  holdMs?: number;
  /** The error code that an `undelivered` or `failed` callback carries. */
  errorCode?: number;
  /** The statuses to call back with instead of the usual ones; none for silence. */
  callbacks?: string[];
}

/** Thrown by a provider that leaves its caller without an answer. */
export class NoAnswer extends Error {
  constructor(readonly holdMs: number) {
    super('no answer');
  }
}

const FOREVER_MS = 60_000;

/** The faults that are still to come. */
export class Faults {
  #faults: Fault[] = [];

  /** Takes an order as it came over HTTP; throws when it makes no sense. */
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

  /** Calls off the faults for an address, or all. */
  clear(to?: string): void {
    this.#faults = to === undefined ? [] : this.#faults.filter((fault) => fault.to !== to);
  }

  /** The next fault for a message to this address, used up by one. */
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
