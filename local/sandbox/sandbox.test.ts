import assert from 'node:assert/strict';
import { fail, SETTINGS, withSandbox } from './testing.ts';
import { startSandbox } from './server.ts';
import { signatureOf } from './twilio_callbacks.ts';

const messagesUrl = (url: string) => `${url}/2010-04-01/Accounts/${SETTINGS.twilioAccountSid}/Messages.json`;
const basic = { authorization: `Basic ${btoa(`${SETTINGS.twilioAccountSid}:${SETTINGS.twilioAuthToken}`)}` };

function sms(url: string, to: string, body = 'hello', more: Record<string, string> = {}) {
  const form = new URLSearchParams({ To: to, From: '+15005550006', Body: body, ...more });
  return fetch(messagesUrl(url), { method: 'POST', headers: basic, body: form });
}

Deno.test('twilio: its published signature example → the same signature', () => {
  const fields = {
    To: '+18005551212',
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675309',
    Digits: '1234',
    From: '+14158675309',
  };
  assert.equal(
    signatureOf('12345', 'https://mycompany.com/myapp.php?foo=1&bar=2', fields),
    'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
  );
});

Deno.test('sandbox: no credentials → refused as the provider does', () =>
  withSandbox(async ({ url }) => {
    const sms = await fetch(messagesUrl(url), { method: 'POST', body: new URLSearchParams({ To: '+12025550143' }) });
    assert.equal(sms.status, 401);
    assert.deepEqual(await sms.json(), {
      code: 20003,
      message: 'Authenticate',
      more_info: 'https://www.twilio.com/docs/errors/20003',
      status: 401,
    });
    const mail = await fetch(`${url}/v3/mail/send`, { method: 'POST', body: '{}' });
    assert.equal(mail.status, 401);
    assert.equal((await mail.json()).errors[0].field, null);
  }));

Deno.test('twilio: an accepted message → queued, listed, and found by its id', () =>
  withSandbox(async ({ url }) => {
    const created = await sms(url, '+12025550143');
    assert.equal(created.status, 201);
    const message = await created.json();
    assert.match(message.date_created, /^\w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000$/);
    assert.deepEqual([message.status, message.date_sent, message.error_code], ['queued', null, null]);

    const one = await (await fetch(new URL(message.uri, url), { headers: basic })).json();
    assert.equal(one.sid, message.sid);
    const other = await fetch(`${messagesUrl(url)}?To=%2B12025550199`, { headers: basic });
    assert.deepEqual((await other.json()).messages, []);
    const missing = await fetch(new URL(message.uri.replace('SM', 'SMx'), url), { headers: basic });
    assert.equal((await missing.json()).code, 20404);
  }));

Deno.test('twilio: a list → in pages; a filter by date hides queued messages', () =>
  withSandbox(async (sandbox) => {
    const { url } = sandbox;
    await fail(sandbox, { provider: 'twilio', kind: 'silence', times: 3, callbacks: [] });
    for (const body of ['1', '2', '3']) await (await sms(url, '+12025550143', body)).body?.cancel();
    const get = async (query: string) => (await fetch(`${messagesUrl(url)}?${query}`, { headers: basic })).json();
    const first = await get('PageSize=2');
    assert.deepEqual(first.messages.map(({ body }: { body: string }) => body), ['3', '2']);
    const second = await (await fetch(new URL(first.next_page_uri, url), { headers: basic })).json();
    assert.deepEqual(second.messages.map(({ body }: { body: string }) => body), ['1']);
    assert.equal(second.next_page_uri, null);
    assert.deepEqual((await get(`DateSent%3E=${new Date().toISOString().slice(0, 10)}`)).messages, []);
  }));

Deno.test("twilio: bad parameters → refused with Twilio's codes", () =>
  withSandbox(async ({ url }) => {
    const codeOf = async (response: Promise<Response>) => (await (await response).json()).code;
    assert.equal(await codeOf(sms(url, '')), 21604);
    assert.equal(await codeOf(sms(url, '12025550143')), 21211);
    assert.equal(await codeOf(sms(url, '+12025550143', '')), 21602);
    assert.equal(await codeOf(sms(url, '+12025550143', 'x'.repeat(1601))), 21617);
    assert.equal(await codeOf(sms(url, '+12025550143', 'x', { From: '' })), 21603);
    assert.equal(await codeOf(sms(url, '+12025550143', 'x', { From: '+15005550007' })), 21606);
    const elsewhere = { StatusCallback: 'https://example.com/' };
    assert.equal(await codeOf(sms(url, '+12025550143', 'x', elsewhere)), 21609, 'nothing goes to other machines');
  }));

Deno.test('faults: a fault → only for its addresses, as often as ordered', () =>
  withSandbox(async ({ url }) => {
    const order = { provider: 'twilio', to: '+1202555', kind: '429', times: 2 };
    await (await fetch(`${url}/_faults`, { method: 'POST', body: JSON.stringify(order) })).body?.cancel();
    const statuses = [];
    for (const to of ['+13105550100', '+12025550101', '+12025550102', '+12025550103']) {
      const response = await sms(url, to);
      await response.body?.cancel();
      statuses.push(response.status);
    }
    assert.deepEqual(statuses, [201, 429, 429, 201]);
    assert.deepEqual(await (await fetch(`${url}/_faults`)).json(), []);
    const senseless = await fetch(`${url}/_faults`, { method: 'POST', body: '{"kind":"429"}' });
    assert.equal(senseless.status, 400);
    await senseless.body?.cancel();
  }));

Deno.test('page: a message with markup → shown as text', () =>
  withSandbox(async ({ url }) => {
    await (await sms(url, '+12025550143', '<script>alert(1)</script> & "code"')).body?.cancel();
    const page = await (await fetch(url)).text();
    assert.match(page, /SMS to \+12025550143/);
    assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt; &amp; &quot;code&quot;/);
    assert.doesNotMatch(page, /<script>/);
  }));

Deno.test('sandbox: messages of an address → listed and deleted', () =>
  withSandbox(async ({ url }) => {
    for (const to of ['+12025550143', '+12025550144']) await (await sms(url, to)).body?.cancel();
    const list = async (query = '') => (await (await fetch(`${url}/_messages${query}`)).json()).length;
    assert.deepEqual([await list(), await list('?to=+12025550143'), await list('?provider=sendgrid')], [2, 1, 0]);
    await fetch(`${url}/_messages?to=%2B12025550143`, { method: 'DELETE' });
    assert.equal(await list(), 1);
    await fetch(`${url}/_messages`, { method: 'DELETE' });
    assert.equal(await list(), 0);
  }));

Deno.test('sandbox: a file is configured → messages survive a restart', async () => {
  const file = await Deno.makeTempFile();
  try {
    const before = await startSandbox({ ...SETTINGS, file });
    for (const to of ['+12025550143', '+12025550144']) await (await sms(before.url, to)).body?.cancel();
    await fetch(`${before.url}/_messages?to=%2B12025550144`, { method: 'DELETE' });
    await new Promise((resume) => setTimeout(resume, 150));
    await before.close();
    await Deno.writeTextFile(file, '{"provider":"twi', { append: true });
    const after = await startSandbox({ ...SETTINGS, file });
    const messages = await (await fetch(`${after.url}/_messages`)).json();
    await after.close();
    assert.deepEqual(messages.map(({ to }: { to: string }) => to), ['+12025550143']);
  } finally {
    await Deno.remove(file);
  }
});
