import assert from 'node:assert/strict';
import { deliver, type Dependencies, lookUp } from '../../supabase/functions/_shared/messages/deliver.ts';
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

/** A database that hands these leases out once, and a log; both record their calls. */
function contextWith(leases: unknown[], takenIds: string[] = []) {
  const reports: Args[] = [];
  const lines: string[] = [];
  const rpc = (entryPoint: string, args: Args) => {
    const isLease = entryPoint.startsWith('lease_');
    if (!isLease) reports.push({ entryPoint, ...args });
    const taken = takenIds.includes(String(args.provider_message_id));
    const result = isLease ? { deliveries: leases.splice(0) } : { accepted: true, deliveryId: 'd', taken };
    return Promise.resolve({ result, sealed: null, replayed: false });
  };
  const log = (message: string, fields: Args = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  return { context: { rpc, log } as unknown as Parameters<typeof deliver>[0], reports, lines };
}

/** Carriers that send to a sandbox, and the same card in every seal. */
function dependenciesAt(sandbox: Sandbox, over: Partial<Dependencies> = {}): Dependencies {
  return {
    openProvider: (channel) => Promise.resolve(channel === 'sms' ? twilioAt(sandbox) : sendgridAt(sandbox)),
    unseal: () => ({ code, pin }),
    ...over,
  };
}

Deno.test('deliver: a notice → sent with the default text, nothing is unsealed', () =>
  withSandbox(async (sandbox) => {
    const notice = { notice: 'reward_delayed', merge: {}, template: undefined, sealed: undefined };
    const { context } = contextWith([leaseFor(notice)]);
    const unseal = () => assert.fail('There is no seal');
    assert.equal((await deliver(context, null, dependenciesAt(sandbox, { unseal }))).sent, 1);
    const [{ body }] = await arrived(sandbox, phone);
    assert.equal(body, "We're processing your reward. You'll receive your gift card within 24 hours.");
  }));

Deno.test('deliver: a due SMS and e-mail → sent, recorded, and logged without secrets', () =>
  withSandbox(async (sandbox) => {
    const { context, reports, lines } = contextWith([
      leaseFor(),
      leaseFor({ channel: 'email', deliverTo: 'ann@example.com' }),
    ]);
    assert.deepEqual(await deliver(context, null, dependenciesAt(sandbox)), {
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

Deno.test('deliver: each kind of failure → its own outcome', () =>
  withSandbox(async (sandbox) => {
    const faults = { '+12025550101': '429', '+12025550102': '500', '+12025550103': '21610' };
    for (const [to, kind] of Object.entries(faults)) await fail(sandbox, { provider: 'twilio', to, kind });
    const { context, reports } = contextWith(Object.keys(faults).map((deliverTo) => leaseFor({ deliverTo })));
    assert.deepEqual(await deliver(context, null, dependenciesAt(sandbox)), {
      sent: 0,
      retriable: 1,
      permanent: 1,
      ambiguous: 1,
    });
    const kept = reports.map(({ outcome, error_code: code }) => `${outcome} ${code}`).sort();
    assert.deepEqual(kept, ['ambiguous 20500', 'permanent 21610', 'retriable 20429']);
  }));

Deno.test('deliver: missing credentials → nothing is sent, log and outcome name the secret', () =>
  withSandbox(async (sandbox) => {
    const { context, reports, lines } = contextWith([leaseFor()]);
    const openProvider = () => Promise.reject(missing('TWILIO_AUTH_TOKEN'));
    await deliver(context, null, dependenciesAt(sandbox, { openProvider }));
    assert.match(lines[0], /SMS service not configured/);
    const [{ outcome, error_code: code, error_message: message }] = reports;
    assert.deepEqual([outcome, code, message], ['retriable', 'not_configured', 'TWILIO_AUTH_TOKEN is not set']);
  }));

Deno.test('deliver: a card that cannot be unsealed → not sent', () =>
  withSandbox(async (sandbox) => {
    const { context, reports } = contextWith([leaseFor()]);
    const unseal = () => {
      throw new Error('moved to another card');
    };
    await deliver(context, null, dependenciesAt(sandbox, { unseal }));
    assert.equal(reports[0].error_code, 'not_prepared');
    assert.deepEqual(await arrived(sandbox, phone), []);
  }));

Deno.test('deliver: an outcome cannot be recorded → the others go on', () =>
  withSandbox(async (sandbox) => {
    const { context, lines } = contextWith([leaseFor(), leaseFor({ deliverTo: '+12025550144' })]);
    const { rpc } = context;
    context.rpc = (entryPoint, args) =>
      entryPoint.startsWith('lease_')
        ? rpc(...[entryPoint, args] as unknown as Parameters<typeof rpc>)
        : Promise.reject(new Error('away'));
    assert.equal((await deliver(context, null, dependenciesAt(sandbox))).sent, 2);
    assert.equal((await arrived(sandbox, '+12025550144')).length, 1);
    assert.match(lines.join('\n'), /Outcome not recorded.*Error: away/);
  }));

Deno.test('lookUp: accepted → found, not accepted → missing, e-mail without an activity feed → unclear', () =>
  withSandbox(async (sandbox) => {
    const to = '+12025550144';
    const taken = leaseFor();
    const lost = leaseFor({ deliverTo: to });
    const mail = leaseFor({ channel: 'email', deliverTo: 'ann@example.com' });
    await fail(sandbox, { provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 0, callbacks: [] });
    await fail(sandbox, { provider: 'twilio', to, kind: 'timeout_before_accepting', holdMs: 0 });
    await fail(sandbox, { provider: 'sendgrid', to: 'ann@example.com', kind: '500' });
    assert.equal((await deliver(contextWith([taken, lost, mail]).context, null, dependenciesAt(sandbox))).ambiguous, 3);

    const { context, reports } = contextWith([taken, lost, mail]);
    assert.deepEqual(await lookUp(context, dependenciesAt(sandbox)), { found: 1, missing: 1, unclear: 1 });
    const [{ sid }] = await arrived(sandbox, phone);
    const settled = new Map(
      reports.map((report) => [report.attempt_id, [report.is_found, report.provider_message_id]]),
    );
    assert.deepEqual(settled.get(taken.attemptId), [true, sid]);
    assert.deepEqual(settled.get(lost.attemptId), [false, null]);
    assert.deepEqual(settled.get(mail.attemptId), [null, null]);
  }));

Deno.test('lookUp: a message of another delivery → ignored', () =>
  withSandbox(async (sandbox) => {
    const dependencies = dependenciesAt(sandbox);
    await deliver(contextWith([leaseFor(), leaseFor()]).context, null, dependencies);
    const [second, first] = await arrived(sandbox, phone);

    const one = contextWith([leaseFor()], [first.sid]);
    assert.equal((await lookUp(one.context, dependencies)).found, 1);
    assert.deepEqual(one.reports.map((report) => report.provider_message_id), [first.sid, second.sid]);

    const none = contextWith([leaseFor()], [first.sid, second.sid]);
    assert.equal((await lookUp(none.context, dependencies)).missing, 1);
    assert.equal(none.reports.at(-1)!.is_found, false);
  }));

Deno.test('lookUp: the provider is unreachable → the delivery stays ambiguous', () =>
  withSandbox(async (sandbox) => {
    const { context, reports, lines } = contextWith([leaseFor()]);
    const openProvider = () => Promise.resolve(twilioAt(sandbox, { baseUrl: 'http://127.0.0.1:1' }));
    assert.deepEqual(await lookUp(context, dependenciesAt(sandbox, { openProvider })), {
      found: 0,
      missing: 0,
      unclear: 0,
    });
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

Deno.test('deliver: a required claim link → the link is sent, nothing is unsealed', () =>
  withSandbox(async (sandbox) => {
    const unseal = () => assert.fail('There is no seal');
    const { context, reports, lines } = contextWith([leaseWithLink()]);
    assert.equal((await deliver(context, null, dependenciesAt(sandbox, { unseal }))).sent, 1);
    const [{ body }] = await arrived(sandbox, phone);
    const [, token] = /https:\/\/shop\.example\/card#([\w-]{43})/.exec(body)!;
    assert.ok(!(JSON.stringify(reports) + lines).includes(token), 'The token is neither reported nor logged');
  }));

Deno.test('deliver: an error message that quotes the link → recorded without it', () =>
  withSandbox(async (sandbox) => {
    const { context, reports } = contextWith([leaseWithLink()]);
    const provider = {
      find: () => assert.fail(),
      send: ({ text }: { text: string }) =>
        Promise.resolve({ outcome: 'permanent' as const, errorMessage: `Cannot send: ${text}` }),
    };
    await deliver(context, null, dependenciesAt(sandbox, { openProvider: () => Promise.resolve(provider) }));
    assert.match(String(reports[0].error_message), /card#\*\*\*/);
  }));

Deno.test('deliver: no URL of the claim page → nothing is sent, the outcome names the secret', () =>
  withSandbox(async (sandbox) => {
    const { context, reports } = contextWith([leaseWithLink()]);
    Deno.env.delete('PUBLIC_CLAIM_URL');
    await deliver(context, null, dependenciesAt(sandbox));
    assert.deepEqual([reports[0].outcome, reports[0].error_message], ['retriable', 'PUBLIC_CLAIM_URL is not set']);
    assert.deepEqual(await arrived(sandbox, phone), []);
  }));

Deno.test('lookUp: a message with a claim link → found by its text', () =>
  withSandbox(async (sandbox) => {
    const lease = leaseWithLink();
    await fail(sandbox, { provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 0, callbacks: [] });
    assert.equal((await deliver(contextWith([lease]).context, null, dependenciesAt(sandbox))).ambiguous, 1);
    const { context } = contextWith([{ ...lease }]);
    assert.deepEqual(await lookUp(context, dependenciesAt(sandbox)), { found: 1, missing: 0, unclear: 0 });
    const other = contextWith([leaseWithLink()]);
    assert.equal((await lookUp(other.context, dependenciesAt(sandbox))).missing, 1);
  }));
