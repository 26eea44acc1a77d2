/** The account whose requests are genuine. */
export interface Account {
  accountSid: string;
  authToken: string;
  /** URL for inbound messages. */
  inboundUrl?: string;
}
