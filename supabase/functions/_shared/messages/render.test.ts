import assert from 'node:assert/strict';
import { type Merge, render, valuesOf } from './render.ts';

const merge: Merge = {
  first_name: 'Ann',
  last_name: 'Lee',
  amount: 25,
  currency: 'USD',
  brand: 'Amazon',
  redemption_url: 'https://amazon.com/redeem',
  expiration_date: 'December 31, 2027',
};
const house = { company_name: 'Acme', support_phone: '', support_email: 'help@acme.test' };
const card = { code: 'AMZN-1234', pin: '4321' };
const none = { subject: null, body: null };

const values = (over: Partial<Merge> = {}, cardOver = {}) =>
  valuesOf({ ...merge, ...over } as Merge, { ...card, ...cardOver }, house);
const text = (body: string, over: Partial<Merge> = {}, cardOver: object = { pin: null }) =>
  render('sms', { subject: null, body }, values(over, cardOver)).text;

Deno.test('render: the default SMS brings code, PIN, address and expiry', () => {
  assert.equal(
    render('sms', none, values()).text,
    `Acme: Hi Ann, here's your $25 Amazon gift card: AMZN-1234
PIN: 4321
Redeem at: https://amazon.com/redeem
Expires: December 31, 2027
Questions? Reply HELP. To opt out, reply STOP.`,
  );
});

Deno.test('render: the default texts leave out what a card does not have', () => {
  const bare = values({ redemption_url: '', expiration_date: '' }, { pin: null });
  const sms = render('sms', none, bare).text;
  assert.doesNotMatch(sms, /PIN|Redeem|Expires/);
  assert.equal(sms.split('\n').length, 2);
  const email = render('email', none, bare).text;
  assert.doesNotMatch(email, /PIN|Redeem|Expires|Call|\n\n\n/);
  assert.match(email, /Write to: help@acme\.test/);
});

Deno.test('render: the template of the gift card document is filled in as it stands, and brings the PIN', () => {
  const body = `Hi {{first_name}}, thanks for scheduling your appointment!\u0020

Here's your \${{amount}} {{brand}} gift card: {{code}}

Redeem at: {{redemption_url}}

Questions? Reply HELP`;
  assert.equal(
    text(body, {}, card),
    `Hi Ann, thanks for scheduling your appointment!\u0020

Here's your $25 Amazon gift card: AMZN-1234

Redeem at: https://amazon.com/redeem

Questions? Reply HELP
PIN: 4321`,
  );
});

Deno.test('render: a PIN without a place in the template → a line at the end, in both channels', () => {
  for (const channel of ['sms', 'email'] as const) {
    const body = (template: string, cardOver = {}) =>
      render(channel, { subject: null, body: template }, values({}, cardOver)).text;
    assert.equal(body('Card: {{code}}\n'), 'Card: AMZN-1234\n\nPIN: 4321');
    assert.equal(body('Card: {{code}}'), 'Card: AMZN-1234\nPIN: 4321');
    assert.equal(body('{{code}} {{ PIN }}'), 'AMZN-1234 4321');
    assert.equal(body('Card: {{code}}', { pin: null }), 'Card: AMZN-1234');
  }
  const link = { url: 'https://shop.example/card#token', expires: 'December 1, 2026', isRequired: false };
  assert.equal(
    render('sms', { subject: null, body: '{{code}} or {{claim_url}}' }, values(), link).text,
    'AMZN-1234 or https://shop.example/card#token',
  );
});

Deno.test('render: an amount is written without cents when it has none', () => {
  const amounts: [number | string, string, string][] = [
    [25, '25', '$25'],
    ['25.00', '25', '$25'],
    ['25.50', '25.50', '$25.50'],
    [0.05, '0.05', '$0.05'],
    [1000, '1000', '$1,000'],
  ];
  for (const [amount, plain, withCurrency] of amounts) {
    assert.equal(text('{{amount}} {{value}}', { amount }), `${plain} ${withCurrency}`);
  }
  assert.equal(text('{{value}}', { currency: 'EUR' }), '€25');
});

Deno.test('render: tags may have spaces and capitals; unknown ones leave nothing behind', () => {
  assert.equal(text('{{ code }}|{{Code}}|{{\tCODE}}'), 'AMZN-1234|AMZN-1234|AMZN-1234');
  assert.equal(text('a{{nick_name}}b{{}}c{{constructor}}d{{__proto__}}e'), 'abcde');
});

Deno.test('render: a value is never read as a template', () => {
  assert.equal(
    text('{{first_name}} {{last_name}}', { first_name: '{{code}}', last_name: "$& $1 $' {{pin}}" }),
    "{{code}} $& $1 $' {{pin}}",
  );
  assert.equal(text('{{{{code}}}}'), '{{AMZN-1234}}');
});

Deno.test('render: a line break in a name does not begin a new line', () => {
  assert.equal(text('Hi {{first_name}}!', { first_name: 'Ann\r\nReply with your PIN' }), 'Hi Ann Reply with your PIN!');
  const subject = render(
    'email',
    { subject: 'For {{first_name}}\nBcc: x', body: 'x' },
    values({ first_name: 'A\nB' }),
  ).subject;
  assert.equal(subject, 'For A B Bcc: x');
});

Deno.test('render: a name keeps its letters and emoji, and loses what would turn the code around', () => {
  assert.equal(text('{{first_name}}: {{code}}', { first_name: '\u202eAda\u2066\u0007' }), 'Ada: AMZN-1234');
  for (const name of ['José', 'نور', 'Åsa 👩‍👩‍👧', '王芳', 'O’Brien']) {
    assert.equal(text('{{first_name}}', { first_name: name }), name);
  }
});

Deno.test('render: somebody without a name is greeted all the same', () => {
  assert.equal(text('Hi {{first_name}},', { first_name: '' }), 'Hi there,');
});

Deno.test('render: the HTML of an e-mail shows values and template as text', () => {
  const { html, text } = render(
    'email',
    { subject: null, body: 'Hi {{first_name}},\n\n<b>{{code}}</b>\nBye' },
    values({ first_name: '<script>alert("1")</script>' }, { code: `A&'B`, pin: null }),
  );
  assert.equal(
    html,
    `<p>Hi &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;,</p>
<p>&lt;b&gt;A&amp;&#39;B&lt;/b&gt;<br>
Bye</p>`,
  );
  assert.match(text, /<b>A&'B<\/b>/);
});

Deno.test('render: a subject brings neither code nor PIN nor link', () => {
  const subject = 'Your card {{code}} {{pin}}{{claim_url}}';
  assert.equal(render('email', { subject, body: null }, values()).subject, 'Your card');
});

Deno.test('render: the default subject names value and brand but never the code', () => {
  assert.equal(render('email', none, values()).subject, 'Your $25 Amazon gift card');
});

Deno.test('render: templates from Windows and old Macs are read alike', () => {
  assert.equal(text('a\r\nb\rc'), 'a\nb\nc');
});

const claim = { url: 'https://shop.example/card#token', expires: 'December 1, 2026', isRequired: true };

Deno.test('render: a demanded link takes the place of code and PIN, in the texts of the house and of a campaign', () => {
  for (const body of [null, 'Your card: {{code}}\nPIN: {{pin}}', '{{claim_url}}', '{{ CODE }} {{Pin}}']) {
    for (const channel of ['sms', 'email'] as const) {
      const { text, html, subject } = render(channel, { subject: 'For {{code}}', body }, values(), claim);
      assert.match(text, /https:\/\/shop\.example\/card#token/);
      assert.doesNotMatch(text + html + subject, /AMZN-1234|4321|PIN/);
      assert.equal(subject, 'For');
    }
  }
  assert.match(render('sms', none, values(), claim).text, /on one device only, until December 1, 2026/);
});

Deno.test('render: a link that is offered stands beside the code', () => {
  const offered = { ...claim, isRequired: false };
  const body = '{{code}} {{pin}} {{claim_url}} {{claim_expires}}';
  assert.equal(
    render('sms', { subject: null, body }, values(), offered).text,
    'AMZN-1234 4321 https://shop.example/card#token December 1, 2026',
  );
  assert.match(render('sms', none, values(), offered).text, /AMZN-1234/);
});
