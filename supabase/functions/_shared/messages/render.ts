/** A campaign's own texts; null for the default template. */
export interface Template {
  subject: string | null;
  body: string | null;
}

/** What a merge tag stands for, by its name. */
export type Values = Record<string, string>;

/** A text ready to leave; an SMS takes its text alone. */
export interface Rendered {
  subject: string;
  text: string;
  html: string;
}

/** What the database knows of a card or of what a notice is about, without secrets. */
export interface Merge {
  amount?: number | string;
  currency?: string;
  [tag: string]: string | number | undefined;
}

const SMS = `{{company_name}}: Hi {{first_name}}, here's your {{value}} {{brand}} gift card: {{code}}
PIN: {{pin}}
Redeem at: {{redemption_url}}
Expires: {{expiration_date}}
Questions? Reply HELP. To opt out, reply STOP.`;

const EMAIL_SUBJECT = 'Your {{value}} {{brand}} gift card';

const EMAIL = `Hi {{first_name}},

Here's your {{value}} {{brand}} gift card: {{code}}
PIN: {{pin}}

Redeem at: {{redemption_url}}
Expires: {{expiration_date}}

Questions? Call: {{support_phone}}
Questions? Write to: {{support_email}}

{{company_name}}`;

const SMS_LINK = `{{company_name}}: Hi {{first_name}}, your {{value}} {{brand}} gift card is here: {{claim_url}}
It opens on one device only, until {{claim_expires}}.
Questions? Reply HELP. To opt out, reply STOP.`;

const EMAIL_LINK = `Hi {{first_name}},

Your {{value}} {{brand}} gift card is here: {{claim_url}}
It opens on one device only, until {{claim_expires}}.

Redeem at: {{redemption_url}}
Expires: {{expiration_date}}

Questions? Call: {{support_phone}}
Questions? Write to: {{support_email}}

{{company_name}}`;

/** A merge tag, with its name as written; the database has the same pattern (`private.tag_pattern`). */
export const TAG = /\{\{([^{}\n]*)\}\}/g;

// Such as "PIN: {{pin}}".
const LABELLED_TAG = new RegExp(`^[^{}]*:\\s*${TAG.source}\\s*$`);

/** The link that shows the card. */
export interface Claim {
  url: string;
  expires: string;
  /** Whether it stands for the code, which the message must not bring. */
  isRequired: boolean;
}

/** The longest text that a carrier takes, in UTF-16 units. */
export const SMS_MAX_LENGTH = 1600;

// A card without its PIN is worth nothing; the line is left out when there is no PIN.
const PIN_LINE = '\nPIN: {{pin}}';

/** The default templates, for the database to check them like any other. */
export const DEFAULT_TEMPLATES = { sms: [SMS, SMS_LINK], email: [EMAIL, EMAIL_LINK], email_subject: [EMAIL_SUBJECT] };

/** Makes a message from a campaign's template or the default template. */
export function render(channel: 'sms' | 'email', template: Template, values: Values, claim?: Claim): Rendered {
  const defaults = claim?.isRequired ? { sms: SMS_LINK, email: EMAIL_LINK } : { sms: SMS, email: EMAIL };
  const filled = { ...values, ...valuesOfClaim(claim) };
  const text = fillIn(withPin(template.body ?? defaults[channel]), filled);
  // A subject is shown on locked screens and kept in logs: a link has no place in it, nor for the code.
  const visible = { ...filled, claim_url: '', code: '', pin: '' };
  const subject = fillIn(template.subject ?? EMAIL_SUBJECT, visible).replace(/\s+/g, ' ');
  return { subject, text, html: htmlOf(text) };
}

/** The name of a tag, in lower case and without blanks around it. */
function nameOf(tag: string): string {
  return tag.trim().toLowerCase();
}

/** A template whose text brings the PIN: by its tag, by the link that shows it, or by a line at the end. */
function withPin(template: string): string {
  const tags = Array.from(template.matchAll(TAG), ([, tag]) => nameOf(tag));
  return tags.includes('pin') || tags.includes('claim_url') ? template : template + PIN_LINE;
}

/** The values of the merge tags: `{{amount}}` is 25 or 25.50, `{{value}}` the same with its currency. */
export function valuesOf(
  merge: Merge,
  card: { code: string; pin: string | null } | undefined,
  platform: Values,
): Values {
  return {
    ...platform,
    ...Object.fromEntries(Object.entries(merge).map(([tag, text]) => [tag, String(text ?? '')])),
    first_name: String(merge.first_name || 'there'),
    ...amountsOf(merge),
    ...(card && { code: card.code, pin: card.pin ?? '' }),
  };
}

function valuesOfClaim(claim?: Claim): Values {
  if (!claim) return {};
  const { url, expires, isRequired } = claim;
  return { claim_url: url, claim_expires: expires, ...(isRequired && { code: url, pin: '' }) };
}

function amountsOf({ amount, currency }: Merge): Values {
  if (amount === undefined) return {};
  const plain = Number(amount).toFixed(2).replace(/\.00$/, '');
  if (!currency) return { amount: plain, value: plain };
  const value = new Intl.NumberFormat('en-US', { style: 'currency', currency, trailingZeroDisplay: 'stripIfInteger' });
  return { amount: plain, value: value.format(Number(amount)) };
}

/** Replaces every tag, in one pass so that no value is ever read as a template; a label left without its value goes. */
function fillIn(template: string, values: Values): string {
  return template.replace(/\r\n?/g, '\n').split('\n')
    .filter((line) => valueOf(LABELLED_TAG.exec(line)?.[1], values) !== '')
    .map((line) => line.replace(TAG, (_, tag) => valueOf(tag, values)!))
    .join('\n').replace(/\n{3,}/g, '\n\n').trim();
}

// What shows nothing, or turns the direction of all that follows, so that a code would be read backwards.
const UNSEEN = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

// A value is one line: a name with a line break must not look like another part of the message.
function valueOf(tag: string | undefined, values: Values): string | undefined {
  if (tag === undefined) return undefined;
  const name = nameOf(tag);
  return Object.hasOwn(values, name) ? values[name].replace(/\s+/g, ' ').replace(UNSEEN, '').trim() : '';
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The same text as HTML, in which nothing of the template or of a value is markup. */
function htmlOf(text: string): string {
  const escaped = text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
  return escaped.split('\n\n').map((paragraph) => `<p>${paragraph.replaceAll('\n', '<br>\n')}</p>`).join('\n');
}
