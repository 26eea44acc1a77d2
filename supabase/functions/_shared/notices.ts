import type { Template } from './render.ts';

/** A text of the house; an SMS takes the text alone. */
type Notice = { subject: string; text: string };

/** The messages that bring no card, by the name under which the database queues them. */
const notices: Record<string, Notice> = {
  reward_delayed: {
    subject: 'Your reward is on its way',
    text: "We're processing your reward. You'll receive your gift card within 24 hours.",
  },
  // The wording is the proof of consent: the database keeps it letter by letter, and this adds nothing.
  sms_opt_in: { subject: '', text: '{{wording}}' },
  voucher_redeemed: {
    subject: 'Your voucher is redeemed',
    text: 'Your voucher brought you {{benefit}}. Your balance: {{bizcoins}} bizcoins, {{messages}} messages.',
  },
};

/** The text of a notice; its tags are filled in like those of a card's message. */
export function noticeOf(name: string): Template {
  if (!Object.hasOwn(notices, name)) throw new Error(`There is no notice ${name}`);
  const { subject, text } = notices[name];
  return { subject, body: text };
}
