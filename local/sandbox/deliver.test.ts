import assert from 'node:assert/strict';
import { deliver, lookUp, type Means } from '../../supabase/functions/_shared/messages/deliver.ts';
import { missing } from '../../supabase/functions/_shared/http/secrets.ts';
import type { Sandbox } from './server.ts';
import { arrived, fail, sendgridAt, twilioAt, withSandbox } from './testing.ts';

const code = 'AMZN-SECRET-1234';
const pin = '987654';
const phone = '+12025550143';

// E-mails carry an unsubscribe link, which is signed and public.
Deno.env.set('CARD_SEAL_KEYS', `k1:${btoa('k'.repeat(32))}`);
Deno.env.set('PUBLIC_FUNCTIONS_URL', 'https://x.example/functions/v1');

type Args = Record<string, unknown>;

/** A lease as the database hands it out. */
function leaseFor(over: Args = {}) {
  return {
    deliveryId: crypto.randomUUID(),
    attemptId: crypto.randomUUID(),
    attemptStartedAt: new Date().toISOString(),
    leaseToken: crypto.randomUUID(),
    channel: 'sms',
    deliverTo: phone,
    clientName: 'Acme',
    template: { subject: null, body: null },
    merge: { first_name: 'Ann', amount: 25, currency: 'USD', brand: 'Amazon' },
    sealed: { giftCardId: '', brandId: '', keyId: '', code: '', pin: null },
    ...over,
  };
}

/** A database that hands these leases out once, and a log; both remember what they were told. */
function deskWith(leases: unknown[], takenIds: string[] = []) {
  const reports: Args[] = [];
  const lines: string[] = [];
  const rpc = (door: string, args: Args) => {
    const isLease = door.startsWith('lease_');
    if (!isLease) reports.push({ door, ...args });
    const taken = takenIds.includes(String(args.provider_message_id));
    const result = isLease ? { deliveries: leases.splice(0) } : { accepted: true, deliveryId: 'd', taken };
    return Promise.resolve({ result, sealed: null, replayed: false });
  };
  const log = (message: string, fields: Args = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  return { desk: { rpc, log } as unknown as Parameters<typeof deliver>[0], reports, lines };
}

/** Carriers that send to a sandbox, and the same card in every seal. */
function meansAt(sandbox: Sandbox, over: Partial<Means> = {}): Means {
  return {
    openProvider: (channel) => Promise.resolve(channel === 'sms' ? twilioAt(sandbox) : sendgridAt(sandbox)),
    unseal: () => ({ code, pin }),
    ...over,
  };
}

Deno.test('deliver: a notice goes out in the words of the house, and opens no seal', () =>
  withSandbox(async (sandbox) => {
    const notice = { notice: 'reward_delayed', merge: {}, template: undefined, sealed: undefined };
    const { desk } = deskWith([leaseFor(notice)]);
    const unseal = () => assert.fail('There is no seal');
    assert.equal((await deliver(desk, null, meansAt(sandbox, { unseal }))).sent, 1);
    const [{ body }] = await arrived(sandbox, phone);
    assert.equal(body, "We're processing your reward. You'll receive your gift card within 24 hours.");
  }));

Deno.test('deliver: a due SMS and a due e-mail go out, are reported and logged without their secrets', () =>
  withSandbox(async (sandbox) => {
    const { desk, reports, lines } = deskWith([
      leaseFor(),
      leaseFor({ channel: 'email', deliverTo: 'ann@example.com' }),
    ]);
    assert.deepEqual(await deliver(desk, null, meansAt(sandbox)), {
      sent: 2,
      retriable: 0,
      permanent: 0,
      ambiguous: 0,
    });

    const [sms] = await arrived(sandbox, phone);
    const [mail] = await arrived(sandbox, 'ann@example.com');
    assert.match(sms.body, new RegExp(`Acme: Hi Ann, here's your \\$25 Amazon gift card: ${code}\nPIN: ${pin}`));
    assert.match(mail.html!, new RegExp(code));
    const kept = Object.fromEntries(
      reports.map(({ provider, outcome, provider_message_id: id }) => [provider, [outcome, id]]),
    );
    assert.deepEqual(kept, { twilio: ['sent', sms.sid], sendgrid: ['sent', mail.sid] });

    const log = lines.join('\n');
    assert.match(log, new RegExp(`\\[TWILIO\\] SMS sent successfully, SID: ${sms.sid}`));
    assert.match(log, new RegExp(`\\[SENDGRID\\] E-mail sent successfully, ID: ${mail.sid}`));
    assert.match(log, /"to":"\*\*\*0143"/);
    assert.match(log, /"to":"\*\*\*@example\.com"/);
    assert.doesNotMatch(log + JSON.stringify(reports), new RegExp(`${code}|${pin}|2025550143|ann@`));
  }));

Deno.test('deliver: each failure is reported as what it is', () =>
  withSandbox(async (sandbox) => {
    const faults = { '+12025550101': '429', '+12025550102': '500', '+12025550103': '21610' };
    for (const [to, kind] of Object.entries(faults)) await fail(sandbox, { provider: 'twilio', to, kind });
    const { desk, reports } = deskWith(Object.keys(faults).map((deliverTo) => leaseFor({ deliverTo })));
    assert.deepEqual(await deliver(desk, null, meansAt(sandbox)), {
      sent: 0,
      retriable: 1,
      permanent: 1,
      ambiguous: 1,
    });
    const kept = reports.map(({ outcome, error_code: code }) => `${outcome} ${code}`).sort();
    assert.deepEqual(kept, ['ambiguous 20500', 'permanent 21610', 'retriable 20429']);
  }));

Deno.test('deliver: without credentials nothing leaves, and log and report name the missing secret', () =>
  withSandbox(async (sandbox) => {
    const { desk, reports, lines } = deskWith([leaseFor()]);
    const openProvider = () => Promise.reject(missing('TWILIO_AUTH_TOKEN'));
    await deliver(desk, null, meansAt(sandbox, { openProvider }));
    assert.match(lines[0], /SMS service not configured/);
    const [{ outcome, error_code: code, error_message: message }] = reports;
    assert.deepEqual([outcome, code, message], ['retriable', 'not_configured', 'TWILIO_AUTH_TOKEN is not set']);
  }));

Deno.test('deliver: a card that does not open is not sent', () =>
  withSandbox(async (sandbox) => {
    const { desk, reports } = deskWith([leaseFor()]);
    const unseal = () => {
      throw new Error('moved to another card');
    };
    await deliver(desk, null, meansAt(sandbox, { unseal }));
    assert.equal(reports[0].error_code, 'not_prepared');
    assert.deepEqual(await arrived(sandbox, phone), []);
  }));

Deno.test('deliver: an outcome that cannot be recorded does not stop the others', () =>
  withSandbox(async (sandbox) => {
    const { desk, lines } = deskWith([leaseFor(), leaseFor({ deliverTo: '+12025550144' })]);
    const { rpc } = desk;
    desk.rpc = (door, args) => door.startsWith('lease_') ? rpc(door, args) : Promise.reject(new Error('away'));
    assert.equal((await deliver(desk, null, meansAt(sandbox))).sent, 2);
    assert.equal((await arrived(sandbox, '+12025550144')).length, 1);
    assert.match(lines.join('\n'), /Outcome not recorded.*Error: away/);
  }));

Deno.test('look-up: what was taken is found, what was not is missing, an e-mail not in the feed is unclear', () =>
  withSandbox(async (sandbox) => {
    const to = '+12025550144';
    const taken = leaseFor();
    const lost = leaseFor({ deliverTo: to });
    const mail = leaseFor({ channel: 'email', deliverTo: 'ann@example.com' });
    await fail(sandbox, { provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 0, callbacks: [] });
    await fail(sandbox, { provider: 'twilio', to, kind: 'timeout_before_accepting', holdMs: 0 });
    await fail(sandbox, { provider: 'sendgrid', to: 'ann@example.com', kind: '500' });
    assert.equal((await deliver(deskWith([taken, lost, mail]).desk, null, meansAt(sandbox))).ambiguous, 3);

    const { desk, reports } = deskWith([taken, lost, mail]);
    assert.deepEqual(await lookUp(desk, meansAt(sandbox)), { found: 1, missing: 1, unclear: 1 });
    const [{ sid }] = await arrived(sandbox, phone);
    const settled = new Map(
      reports.map((report) => [report.attempt_id, [report.is_found, report.provider_message_id]]),
    );
    assert.deepEqual(settled.get(taken.attemptId), [true, sid]);
    assert.deepEqual(settled.get(lost.attemptId), [false, null]);
    assert.deepEqual(settled.get(mail.attemptId), [null, null]);
  }));

Deno.test('look-up: a message that is known as another delivery is passed over', () =>
  withSandbox(async (sandbox) => {
    const means = meansAt(sandbox);
    await deliver(deskWith([leaseFor(), leaseFor()]).desk, null, means);
    const [second, first] = await arrived(sandbox, phone);

    const one = deskWith([leaseFor()], [first.sid]);
    assert.equal((await lookUp(one.desk, means)).found, 1);
    assert.deepEqual(one.reports.map((report) => report.provider_message_id), [first.sid, second.sid]);

    const none = deskWith([leaseFor()], [first.sid, second.sid]);
    assert.equal((await lookUp(none.desk, means)).missing, 1);
    assert.equal(none.reports.at(-1)!.is_found, false);
  }));

Deno.test('look-up: nothing is settled when the provider cannot be asked', () =>
  withSandbox(async (sandbox) => {
    const { desk, reports, lines } = deskWith([leaseFor()]);
    const openProvider = () => Promise.resolve(twilioAt(sandbox, { baseUrl: 'http://127.0.0.1:1' }));
    assert.deepEqual(await lookUp(desk, meansAt(sandbox, { openProvider })), { found: 0, missing: 0, unclear: 0 });
    assert.deepEqual(reports, []);
    assert.match(lines[0], /Look-up failed/);
  }));

/** A lease whose message must bring a link; it holds no card. */
function leaseWithLink(over: Args = {}) {
  Deno.env.set('CARD_SEAL_KEYS', `k1:${btoa('k'.repeat(32))}`);
  Deno.env.set('PUBLIC_CLAIM_URL', 'https://shop.example/card');
  const claim = { linkId: crypto.randomUUID(), keyId: 'k1', isRequired: true, expires: 'December 1, 2026' };
  return leaseFor({ sealed: undefined, claim, ...over });
}

Deno.test('deliver: a message that must not bring the code brings a link, and opens no seal', () =>
  withSandbox(async (sandbox) => {
    const unseal = () => assert.fail('There is no seal');
    const { desk, reports, lines } = deskWith([leaseWithLink()]);
    assert.equal((await deliver(desk, null, meansAt(sandbox, { unseal }))).sent, 1);
    const [{ body }] = await arrived(sandbox, phone);
    const [, token] = /https:\/\/shop\.example\/card#([\w-]{43})/.exec(body)!;
    assert.ok(!(JSON.stringify(reports) + lines).includes(token), 'The token is neither reported nor logged');
  }));

Deno.test('deliver: what a provider quotes of a link does not go into the report', () =>
  withSandbox(async (sandbox) => {
    const { desk, reports } = deskWith([leaseWithLink()]);
    const provider = {
      find: () => assert.fail(),
      send: ({ text }: { text: string }) =>
        Promise.resolve({ outcome: 'permanent' as const, errorMessage: `Cannot send: ${text}` }),
    };
    await deliver(desk, null, meansAt(sandbox, { openProvider: () => Promise.resolve(provider) }));
    assert.match(String(reports[0].error_message), /card#\*\*\*/);
  }));

Deno.test('deliver: without the page of the links nothing leaves, and the report names what is missing', () =>
  withSandbox(async (sandbox) => {
    const { desk, reports } = deskWith([leaseWithLink()]);
    Deno.env.delete('PUBLIC_CLAIM_URL');
    await deliver(desk, null, meansAt(sandbox));
    assert.deepEqual([reports[0].outcome, reports[0].error_message], ['retriable', 'PUBLIC_CLAIM_URL is not set']);
    assert.deepEqual(await arrived(sandbox, phone), []);
  }));

Deno.test('look-up: a message with a link is found again by its text', () =>
  withSandbox(async (sandbox) => {
    const lease = leaseWithLink();
    await fail(sandbox, { provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 0, callbacks: [] });
    assert.equal((await deliver(deskWith([lease]).desk, null, meansAt(sandbox))).ambiguous, 1);
    const { desk } = deskWith([{ ...lease }]);
    assert.deepEqual(await lookUp(desk, meansAt(sandbox)), { found: 1, missing: 0, unclear: 0 });
    const other = deskWith([leaseWithLink()]);
    assert.equal((await lookUp(other.desk, meansAt(sandbox))).missing, 1);
  }));
