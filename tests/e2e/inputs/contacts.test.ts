import assert from 'node:assert/strict';
import { EMAILS, ONE_PERSON, PHONES, WITHHELD } from '../../fixtures/inputs.ts';
import { sql } from '../../support/database.ts';
import { assertDone } from '../../support/expect.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { phone } from '../../../supabase/functions/_shared/http/phone.ts';

Deno.test('phones: SQL and edge functions read each notation → the same number or none', async () => {
  for (const [given, number] of PHONES) {
    const [{ read }] = await sql`select private.read_phone(${given}, 'US') as read`;
    assert.equal(read, number, `SQL: ${given}`);
    assert.equal(phone.safeParse(given).data ?? null, number, `edge functions: ${given}`);
  }
});

const NATIONAL: [country: string, given: string, number: string | null][] = [
  ['GB', '020 7946 0958', '+442079460958'],
  ['DE', '0151 12345678', '+4915112345678'],
  ['ES', '612 34 56 78', '+34612345678'],
  ['MX', '55 1234 5678', '+525512345678'],
  ['GB', '+52 1 55 1234 5678', '+525512345678'],
  ['GB', '20 7946 0958', null],
  ['GB', '(202) 555-0179', null],
  ['IT', '06 1234 5678', null],
  ['CA', '416 555 0179', '+14165550179'],
];

Deno.test('read_phone: a national number → E.164 where its country is known, else none', async () => {
  for (const [country, given, number] of NATIONAL) {
    const [{ read }] = await sql`select private.read_phone(${given}, ${country}) as read`;
    assert.equal(read, number, `${country}: ${given}`);
  }
});

Deno.test('import_recipients: phones and e-mails in any notation → taken, or their rows alone rejected', async () => {
  const { clientId, campaignId } = await promise({ cards: 0, recipients: 0 });
  const admin = await signUpAs('client_admin', clientId);
  const phones = PHONES.map(([given], n) => ({ firstName: `P${n}`, phone: given }));
  const emails = EMAILS.map(([given], n) => ({ firstName: `E${n}`, email: given }));
  const { data, error } = await admin.client.rpc('import_recipients', {
    campaign_id: campaignId,
    recipients: [...phones, ...emails],
    allow_shared_contact: true,
  });
  assert.equal(error, null, JSON.stringify(error));
  const rights = [...PHONES, ...EMAILS].map(([, right]) => right);
  const outcomes = data.rows.map(({ outcome }: { outcome: string }) => outcome);
  assert.deepEqual(outcomes, rights.map((right) => right === null ? 'rejected' : 'imported'));
  const stored = await sql`
    select first_name, coalesce(phone, email) as contact from public.campaign_recipients where campaign_id = ${campaignId}`;
  const contacts = new Map(stored.map(({ first_name, contact }) => [first_name, contact]));
  for (const [n, [, number]] of PHONES.entries()) if (number) assert.equal(contacts.get(`P${n}`), number);
  for (const [n, [, address]] of EMAILS.entries()) if (address) assert.equal(contacts.get(`E${n}`), address);
});

Deno.test('record_opt_out: a phone in national notation → recorded; one that cannot be read → RB-400 with its field', async () => {
  const { clientId, recipient } = await promise({ cards: 0 });
  await sql`update public.campaign_recipients set phone = '+18433494653' where id = ${recipient.id}`;
  const agent = await signUpAs('call_agent', clientId);
  const optOut = (address: string) =>
    agent.client.rpc('record_opt_out', { recipient_id: recipient.id, channel: 'sms', address });
  const { data, error } = await optOut('(843) 349-4653');
  assert.equal(error, null, JSON.stringify(error));
  assert.equal(data.address, '+18433494653');
  const [{ count }] = await sql`
    select count(*) as count from public.contact_opt_outs where channel = 'sms' and address = '+18433494653'`;
  assert.equal(count, 1);
  const refused = (await optOut('anonymous')).error!;
  assert.equal(refused.code, 'RB400');
  assert.equal(JSON.parse(refused.details).fields[0].field, 'address');
});

Deno.test('start-call-session: a caller who withholds the number → a session without matches', async () => {
  const { clientId, recipient } = await promise({ cards: 0 });
  const { token } = await signUpAs('call_agent', clientId);
  for (const callerPhone of WITHHELD) {
    const answer = await call('start-call-session', { callerPhone }, { token });
    assertDone(answer);
    assert.deepEqual(answer.body.matches, [], `${callerPhone}`);
    assert.match(answer.body.callSessionId, /^[0-9a-f-]{36}$/);
  }
  const checked = await call('start-call-session', { callerPhone: 'anonymous', confirmationCode: recipient.token }, {
    token,
  });
  assert.equal(checked.body.matches[0].recipientId, recipient.id, checked.text);
});

Deno.test('identities: spellings of one mailbox → one person, other mailboxes → others', async () => {
  for (const addresses of ONE_PERSON) {
    const rows = await sql`select distinct private.normalised_email(a) as mailbox from unnest(${addresses}::text[]) a`;
    assert.equal(rows.length, 1, addresses.join(', '));
  }
  const all = ONE_PERSON.map(([first]) => first);
  const rows = await sql`select distinct private.normalised_email(a) as mailbox from unnest(${all}::text[]) a`;
  assert.equal(rows.length, all.length);
});
