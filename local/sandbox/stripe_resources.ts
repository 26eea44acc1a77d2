import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** A payment, with the fields that the product reads. */
export interface Intent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_received: number;
  currency: string;
  status: string;
  client_secret: string;
  livemode: boolean;
  created: number;
  last_payment_error: { code: string; decline_code?: string } | null;
  metadata: Record<string, string>;
}

/** A refund, with the fields that the product reads. */
export interface Refund {
  id: string;
  object: 'refund';
  amount: number;
  currency: string;
  payment_intent: string;
  status: string;
  created: number;
  metadata: Record<string, string>;
}

/** The answer to a request with an idempotency key. */
export interface Kept {
  request: string;
  status: number;
  body: unknown;
}

/** The stand-in's payments and refunds; with a file they survive a restart. */
export class Resources {
  #things = new Map<string, unknown>();
  #file?: string;

  constructor(file?: string) {
    this.#file = file;
    if (!file || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      try {
        const [id, thing] = JSON.parse(line);
        this.#things.set(id, thing);
      } catch {
        // A kill during a write leaves half a line.
      }
    }
  }

  /** Stores a payment or a refund. */
  keep<Thing extends Intent | Refund>(thing: Thing): Thing {
    this.#put(thing.id, thing);
    return thing;
  }

  keepAnswer(key: string, answer: Kept): void {
    if (!this.answerTo(key)) this.#put(`key ${key}`, answer);
  }

  answerTo(key: string): Kept | undefined {
    return this.#things.get(`key ${key}`) as Kept | undefined;
  }

  intent(id = ''): Intent | undefined {
    return id.startsWith('pi_') ? this.#things.get(id) as Intent : undefined;
  }

  refund(id = ''): Refund | undefined {
    return id.startsWith('re_') ? this.#things.get(id) as Refund : undefined;
  }

  /** Payments, of one client or all, the oldest first. */
  intents(client?: string): Intent[] {
    return this.#all<Intent>('pi_').filter(({ metadata }) => client === undefined || metadata.client_id === client);
  }

  /** Refunds, of one payment or all, the oldest first. */
  refunds(intentId?: string): Refund[] {
    return this.#all<Refund>('re_').filter(({ payment_intent }) =>
      intentId === undefined || payment_intent === intentId
    );
  }

  #all<Thing>(prefix: string): Thing[] {
    return [...this.#things].filter(([id]) => id.startsWith(prefix)).map(([, thing]) => thing as Thing);
  }

  #put(id: string, thing: unknown): void {
    this.#things.set(id, thing);
    if (this.#file) appendFileSync(this.#file, JSON.stringify([id, thing]) + '\n', { mode: 0o600 });
  }
}
