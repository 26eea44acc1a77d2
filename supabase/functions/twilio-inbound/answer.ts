/** Replies to the recipient, by their names in the database. */
export type Answer = 'opt_in' | 'opt_out' | 'help';

const TEXTS: Record<Answer, (company: string, contact: string) => string> = {
  opt_in: (company) =>
    `${company}: You will receive text messages about your rewards. Msg & data rates may apply. ` +
    'Reply HELP for help, STOP to cancel.',
  opt_out: (company) =>
    `${company}: You have opted out and will receive no more messages. Reply START to opt in again.`,
  help: (company, contact) =>
    `${company}: Text messages about your rewards.${contact} Msg & data rates may apply. Reply STOP to cancel.`,
};

/** The answer as TwiML; null for none. */
export function twiml(answer: Answer | null, clientName: string | null): Response {
  const message = answer === null ? '' : `<Message>${escape(textOf(answer, clientName))}</Message>`;
  return new Response(`<?xml version="1.0" encoding="UTF-8"?><Response>${message}</Response>`, {
    headers: { 'content-type': 'text/xml; charset=utf-8' },
  });
}

function textOf(answer: Answer, clientName: string | null): string {
  const contacts = ['SUPPORT_PHONE_NUMBER', 'SUPPORT_EMAIL'].map((name) => Deno.env.get(name)).filter(Boolean);
  const contact = contacts.length > 0 ? ` Questions? ${contacts.join(' or ')}.` : '';
  return TEXTS[answer](Deno.env.get('COMPANY_NAME') || clientName || 'Rewards', contact);
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
