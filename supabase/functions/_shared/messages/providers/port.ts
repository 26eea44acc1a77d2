/** A message ready to leave; what it says is never logged and never stored. */
export interface Message {
  /** Comes back in callbacks and look-ups, where the provider can carry it. */
  attemptId: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Where the owner of an e-mail address unsubscribes by one click. */
  unsubscribeUrl?: string;
}

/** What a try came to: ambiguous when the provider may have taken the message although it did not say so. */
export type Outcome = 'sent' | 'retriable' | 'permanent' | 'ambiguous';

/** The report of a try. */
export interface SendOutcome {
  outcome: Outcome;
  providerMessageId?: string;
  errorCode?: string;
  errorMessage?: string;
}

/** What a look-up found: messages that may be the one, oldest first. */
export interface Finding {
  candidates: { providerMessageId: string; providerStatus: string }[];
  /** Whether the provider certainly has no others. */
  isComplete: boolean;
}

/** A provider that sends the messages of one channel. */
export interface Provider {
  /** Tries once; every failure is an outcome, nothing is thrown. */
  send(message: Message): Promise<SendOutcome>;
  /** Looks for a message whose try began at that time; throws when the provider cannot be asked. */
  find(message: Message, since: Date): Promise<Finding>;
}
