/** The account whose requests are genuine, and where its webhooks go. */
export interface Account {
  secretKey: string;
  webhookSecret: string;
  webhookUrl: string;
}
