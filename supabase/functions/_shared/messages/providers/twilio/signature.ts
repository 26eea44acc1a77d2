import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';

/** Whether Twilio has signed these form fields for this URL, which must be the one it was given. */
export function isSignedByTwilio(
  authToken: string,
  url: string,
  signature: string | null,
  fields: Record<string, string | string[]>,
): boolean {
  return validateRequest(authToken, signature ?? '', url, fields);
}
