import type { Outcome } from '../port.ts';

/** What a Twilio error code means for a message, and what a person should know; codes that are not here are final. */
export const TWILIO_ERRORS: Record<number, { outcome: Outcome; meaning: string }> = {
  20003: { outcome: 'permanent', meaning: 'Twilio does not accept the credentials' },
  20429: { outcome: 'retriable', meaning: 'Too many requests at once' },
  21211: { outcome: 'permanent', meaning: 'The number is not valid: ask for another contact' },
  21212: { outcome: 'permanent', meaning: 'TWILIO_FROM_NUMBER is not a valid sender' },
  21217: { outcome: 'permanent', meaning: 'The number is not valid: ask for another contact' },
  21265: { outcome: 'permanent', meaning: 'The number is a short code: ask for another contact' },
  21408: { outcome: 'permanent', meaning: 'The region of the number is not enabled at Twilio' },
  21606: { outcome: 'permanent', meaning: 'TWILIO_FROM_NUMBER cannot send SMS' },
  21608: { outcome: 'permanent', meaning: 'A trial account sends to verified numbers only' },
  21610: { outcome: 'permanent', meaning: 'The recipient has opted out' },
  21611: { outcome: 'retriable', meaning: 'The queue of the sender is full' },
  21612: { outcome: 'permanent', meaning: 'The number cannot be reached from this sender' },
  21614: { outcome: 'permanent', meaning: 'The number is not a mobile number: ask for another contact' },
  21617: { outcome: 'permanent', meaning: 'The text is longer than 1600 characters: shorten the template' },
  21635: { outcome: 'permanent', meaning: 'The number is a landline: ask for another contact' },
  21659: { outcome: 'permanent', meaning: 'TWILIO_FROM_NUMBER does not belong to the account' },
  30001: { outcome: 'retriable', meaning: 'The queue of the account is full' },
  30002: { outcome: 'permanent', meaning: 'The account is suspended' },
};
