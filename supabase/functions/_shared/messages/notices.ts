import type { Template } from './render.ts';

/** A default text; an SMS has no subject. */
type Notice = { subject: string; text: string };

/** Messages without a card, by the topic under which the database queues them. */
const notices: Record<string, Notice> = {
  reward_delayed: {
    subject: 'Your reward is on its way',
    text: "We're processing your reward. You'll receive your gift card within 24 hours.",
  },
  // The database stores the exact wording as proof of consent, so nothing may be added here.
  sms_opt_in: { subject: '', text: '{{wording}}' },
  voucher_redeemed: {
    subject: 'Your voucher is redeemed',
    text: 'Your voucher brought you {{benefit}}. Your balance: {{bizcoins}} bizcoins, {{messages}} messages.',
  },
  referral_rewarded: {
    subject: 'Your voucher was redeemed',
    text:
      'Somebody redeemed the voucher that you passed on, and that brought you {{benefit}} bizcoins. Your balance: ' +
      '{{bizcoins}} bizcoins, {{messages}} messages.',
  },
  purchase_completed: {
    subject: 'Your package {{package}} is active',
    text:
      'Thank you. You paid {{amount}} {{currency}} and {{bizcoins}} bizcoins, and your package {{package}} is active.',
  },
  purchase_ended: {
    subject: 'Your purchase of {{package}} was not completed',
    text: 'Nothing was charged, and your {{bizcoins}} bizcoins are back. Questions? {{support_email}}',
  },
  payment_failed: {
    subject: 'Your payment for {{package}} failed',
    text:
      'Your payment of {{amount}} {{currency}} failed. Your {{bizcoins}} bizcoins stay reserved for an hour: try again, ' +
      'or cancel the purchase and they are back at once. Questions? {{support_email}}',
  },
  payment_refunded: {
    subject: 'Your payment for {{package}} goes back',
    text:
      'We could not take your payment of {{amount}} {{currency}} for {{package}}, so it goes back to where it came from. ' +
      'That may take some days. Questions? {{support_email}}',
  },
  purchase_refunded: {
    subject: 'You get something back for {{package}}',
    text:
      'Of what you paid for {{package}}, {{amount}} {{currency}} go back to where they came from and {{bizcoins}} bizcoins ' +
      'to your wallet. Questions? {{support_email}}',
  },
};

/** The text of a notice; its tags are filled in like those of a card's message. */
export function noticeOf(name: string): Template {
  if (!Object.hasOwn(notices, name)) throw new Error(`There is no notice ${name}`);
  const { subject, text } = notices[name];
  return { subject, body: text };
}
