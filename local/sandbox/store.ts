import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

/** One message that a provider has accepted. */
export interface Message {
  provider: string;
  sid: string;
  to: string;
  from: string;
  subject?: string;
  body: string;
  html?: string;
  at: string;
  sentAt: string | null;
  status: string;
  errorCode: number | null;
  /** The sender's own reference; returned by look-ups. */
  tags?: Record<string, string>;
  /** The parts of an e-mail beside its text. */
  headers?: Record<string, string>;
}

/** The messages, in order of arrival. */
export class Store {
  #messages = new Map<string, Message>();
  #blocked = new Set<string>();
  #file?: string;

  /** With a file, messages survive a restart. */
  constructor(file?: string) {
    this.#file = file;
    if (!file || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const message = parsed(line);
      if (message) this.#messages.set(message.sid, message);
    }
  }

  /** Adds a message. */
  add(message: Message): Message {
    this.#messages.set(message.sid, message);
    this.#write(message);
    return message;
  }

  /** Updates the status of a message, unless it was deleted. */
  update(message: Message): void {
    if (this.#messages.has(message.sid)) this.#write(message);
  }

  get(sid: string): Message | undefined {
    return this.#messages.get(sid);
  }

  /** Messages that match, newest first. */
  list(filter: Partial<Pick<Message, 'provider' | 'to' | 'from'>> = {}): Message[] {
    const wanted = Object.entries(filter).filter(([, value]) => value !== undefined);
    return [...this.#messages.values()].reverse()
      .filter((message) => wanted.every(([key, value]) => message[key as keyof Message] === value));
  }

  /** Blocks or unblocks a phone. */
  block(phone: string, isBlocked: boolean): void {
    if (isBlocked) this.#blocked.add(phone);
    else this.#blocked.delete(phone);
  }

  isBlocked(phone: string): boolean {
    return this.#blocked.has(phone);
  }

  /** Deletes the messages to an address, or all. */
  clear(to?: string): void {
    for (const { sid } of this.list({ to })) this.#messages.delete(sid);
    if (this.#file) writeFileSync(this.#file, this.list().reverse().map(line).join(''), { mode: 0o600 });
  }

  #write(message: Message): void {
    if (this.#file) appendFileSync(this.#file, line(message), { mode: 0o600 });
  }
}

function line(message: Message): string {
  return JSON.stringify(message) + '\n';
}

// A kill during a write leaves half a line.
function parsed(line: string): Message | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
