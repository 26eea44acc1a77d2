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
const platform = { company_name: 'Acme', support_phone: '', support_email: 'help@acme.test' };
const card = { code: 'AMZN-1234', pin: '4321' };
const none = { subject: null, body: null };

const values = (over: Partial<Merge> = {}, cardOver = {}) =>
  valuesOf({ ...merge, ...over } as Merge, { ...card, ...cardOver }, platform);
const text = (body: string, over: Partial<Merge> = {}, cardOver: object = { pin: null }) =>
  render('sms', { subject: null, body }, values(over, cardOver)).text;

Deno.test('render: the default SMS → code, PIN, redemption URL and expiry', () => {
  assert.equal(
    render('sms', none, values()).text,
    `Acme: Hi Ann, here's your $25 Amazon gift card: AMZN-1234
PIN: 4321
Redeem at: https://amazon.com/redeem
Expires: December 31, 2027
Questions? Reply HELP. To opt out, reply STOP.`,
  );
});

Deno.test('render: a card without PIN, URL or expiry → the default texts omit them', () => {
  const bare = values({ redemption_url: '', expiration_date: '' }, { pin: null });
  const sms = render('sms', none, bare).text;
  assert.doesNotMatch(sms, /PIN|Redeem|Expires/);
  assert.equal(sms.split('\n').length, 2);
  const email = render('email', none, bare).text;
  assert.doesNotMatch(email, /PIN|Redeem|Expires|Call|\n\n\n/);
  assert.match(email, /Write to: help@acme\.test/);
});

Deno.test('render: the template of the gift card document → filled in, with the PIN', () => {
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

Deno.test('render: a whole amount → without cents', () => {
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

Deno.test('render: tags with spaces and capitals → filled in; unknown ones → removed', () => {
  assert.equal(text('{{ code }}|{{Code}}|{{\tCODE}}'), 'AMZN-1234|AMZN-1234|AMZN-1234');
  assert.equal(text('a{{nick_name}}b{{}}c{{constructor}}d{{__proto__}}e'), 'abcde');
});

Deno.test('render: a value that contains a tag → not filled in again', () => {
  assert.equal(
    text('{{first_name}} {{last_name}}', { first_name: '{{code}}', last_name: "$& $1 $' {{pin}}" }),
    "{{code}} $& $1 $' {{pin}}",
  );
  assert.equal(text('{{{{code}}}}'), '{{AMZN-1234}}');
});

Deno.test('render: a line break in a name → replaced', () => {
  assert.equal(text('Hi {{first_name}}!', { first_name: 'Ann\r\nReply with your PIN' }), 'Hi Ann Reply with your PIN!');
  const subject = render(
    'email',
    { subject: 'For {{first_name}}\nBcc: x', body: 'x' },
    values({ first_name: 'A\nB' }),
  ).subject;
  assert.equal(subject, 'For A B Bcc: x');
});

Deno.test('render: a name → keeps letters and emoji, loses bidirectional controls', () => {
  assert.equal(text('{{first_name}}: {{code}}', { first_name: '\u202eAda\u2066\u0007' }), 'Ada: AMZN-1234');
  for (const name of ['José', 'نور', 'Åsa 👩‍👩‍👧', '王芳', 'O’Brien']) {
    assert.equal(text('{{first_name}}', { first_name: name }), name);
  }
});

Deno.test('render: a recipient without a name → greeted without one', () => {
  assert.equal(text('Hi {{first_name}},', { first_name: '' }), 'Hi there,');
});

Deno.test('render: markup in values or template → escaped in HTML', () => {
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

Deno.test('render: a subject → neither code, PIN nor link', () => {
  const subject = 'Your card {{code}} {{pin}}{{claim_url}}';
  assert.equal(render('email', { subject, body: null }, values()).subject, 'Your card');
});

Deno.test('render: the default subject → value and brand, never the code', () => {
  assert.equal(render('email', none, values()).subject, 'Your $25 Amazon gift card');
});

Deno.test('render: CRLF or CR in a template → line breaks', () => {
  assert.equal(text('a\r\nb\rc'), 'a\nb\nc');
});

const claim = { url: 'https://shop.example/card#token', expires: 'December 1, 2026', isRequired: true };

Deno.test('render: a required claim link → replaces code and PIN in the default template and in that of a campaign', () => {
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

Deno.test('render: an optional claim link → beside the code', () => {
  const offered = { ...claim, isRequired: false };
  const body = '{{code}} {{pin}} {{claim_url}} {{claim_expires}}';
  assert.equal(
    render('sms', { subject: null, body }, values(), offered).text,
    'AMZN-1234 4321 https://shop.example/card#token December 1, 2026',
  );
  assert.match(render('sms', none, values(), offered).text, /AMZN-1234/);
});
