/** The account whose requests are genuine. */
export interface Account {
  accountSid: string;
  authToken: string;
  /** Where it sends what phones write to its numbers. */
  inboundUrl?: string;
}
