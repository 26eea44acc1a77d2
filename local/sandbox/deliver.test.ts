import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { deliver, lookUp } from '../../supabase/functions/_shared/deliver.ts';
import { bindingOf, seal } from '../../supabase/functions/_shared/seal.ts';
import type { Sandbox } from './server.ts';
import { arrived, fail, withSandbox } from './testing.ts';

const code = 'AMZN-SECRET-1234';
const pin = '987654';
const phone = '+12025550143';

type Args = Record<string, unknown>;

/** A lease as the database hands it out, with the card sealed. */
function leaseFor(over: Args = {}) {
  const [giftCardId, brandId] = [crypto.randomUUID(), crypto.randomUUID()];
  const sealed = {
    giftCardId,
    brandId,
    keyId: 'k1',
    code: seal(code, bindingOf(giftCardId, brandId, 'code')),
    pin: seal(pin, bindingOf(giftCardId, brandId, 'pin')),
  };
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
    sealed,
    ...over,
  };
}

/** A database that hands these leases out once, and a log; both remember what they were told. */
function deskWith(leases: unknown[]) {
  const reports: Args[] = [];
  const lines: string[] = [];
  const rpc = (door: string, args: Args) => {
    const isLease = door.startsWith('lease_');
    if (!isLease) reports.push({ door, ...args });
    const result = isLease ? { deliveries: leases.splice(0) } : { accepted: true };
    return Promise.resolve({ result, sealed: null, replayed: false });
  };
  const log = (message: string, fields: Args = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  return { desk: { rpc, log } as unknown as Parameters<typeof deliver>[0], reports, lines };
}

function withKeys(test: (sandbox: Sandbox) => Promise<void>) {
  return withSandbox(async (sandbox) => {
    Deno.env.set('CARD_SEAL_KEYS', `k1:${randomBytes(32).toString('base64')}`);
    try {
      await test(sandbox);
    } finally {
      Deno.env.delete('CARD_SEAL_KEYS');
    }
  });
}

Deno.test('deliver: a due SMS and a due e-mail go out, are reported and logged without their secrets', () =>
  withKeys(async (sandbox) => {
    const { desk, reports, lines } = deskWith([
      leaseFor(),
      leaseFor({ channel: 'email', deliverTo: 'ann@example.com' }),
    ]);
    assert.deepEqual(await deliver(desk), { sent: 2, retriable: 0, permanent: 0, ambiguous: 0 });

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
  withKeys(async (sandbox) => {
    const faults = { '+12025550101': '429', '+12025550102': '500', '+12025550103': '21610' };
    for (const [to, kind] of Object.entries(faults)) await fail(sandbox, { provider: 'twilio', to, kind });
    const { desk, reports } = deskWith(Object.keys(faults).map((deliverTo) => leaseFor({ deliverTo })));
    assert.deepEqual(await deliver(desk), { sent: 0, retriable: 1, permanent: 1, ambiguous: 1 });
    const kept = reports.map(({ outcome, error_code: code }) => `${outcome} ${code}`).sort();
    assert.deepEqual(kept, ['ambiguous 20500', 'permanent 21610', 'retriable 20429']);
  }));

Deno.test('deliver: without credentials nothing leaves, and log and report name the missing secret', () =>
  withKeys(async () => {
    Deno.env.delete('TWILIO_AUTH_TOKEN');
    const { desk, reports, lines } = deskWith([leaseFor()]);
    await deliver(desk);
    assert.match(lines[0], /SMS service not configured/);
    const [{ outcome, error_code: code, error_message: message }] = reports;
    assert.deepEqual([outcome, code, message], ['retriable', 'not_configured', 'TWILIO_AUTH_TOKEN is not set']);
  }));

Deno.test('deliver: a card that does not open is not sent', () =>
  withKeys(async (sandbox) => {
    const lease = leaseFor();
    lease.sealed.giftCardId = crypto.randomUUID();
    const { desk, reports } = deskWith([lease]);
    await deliver(desk);
    assert.equal(reports[0].error_code, 'not_prepared');
    assert.deepEqual(await arrived(sandbox, phone), []);
  }));

Deno.test('deliver: an outcome that cannot be recorded does not stop the others', () =>
  withKeys(async (sandbox) => {
    const { desk, lines } = deskWith([leaseFor(), leaseFor({ deliverTo: '+12025550144' })]);
    const { rpc } = desk;
    desk.rpc = (door, args) => door.startsWith('lease_') ? rpc(door, args) : Promise.reject(new Error('away'));
    assert.equal((await deliver(desk)).sent, 2);
    assert.equal((await arrived(sandbox, '+12025550144')).length, 1);
    assert.match(lines.join('\n'), /Outcome not recorded.*Error: away/);
  }));

Deno.test('look-up: what was taken is found, what was not is missing, an e-mail that the feed does not show is unclear', () =>
  withKeys(async (sandbox) => {
    const to = '+12025550144';
    const taken = leaseFor();
    const lost = leaseFor({ deliverTo: to });
    const mail = leaseFor({ channel: 'email', deliverTo: 'ann@example.com' });
    await fail(sandbox, { provider: 'twilio', to: phone, kind: 'timeout_after_accepting', holdMs: 0, callbacks: [] });
    await fail(sandbox, { provider: 'twilio', to, kind: 'timeout_before_accepting', holdMs: 0 });
    await fail(sandbox, { provider: 'sendgrid', to: 'ann@example.com', kind: '500' });
    assert.equal((await deliver(deskWith([taken, lost, mail]).desk)).ambiguous, 3);

    const { desk, reports } = deskWith([taken, lost, mail]);
    assert.deepEqual(await lookUp(desk), { found: 1, missing: 1, unclear: 1 });
    const [{ sid }] = await arrived(sandbox, phone);
    const settled = new Map(reports.map((report) => [report.attempt_id, [report.found, report.provider_message_id]]));
    assert.deepEqual(settled.get(taken.attemptId), [true, sid]);
    assert.deepEqual(settled.get(lost.attemptId), [false, null]);
    assert.deepEqual(settled.get(mail.attemptId), [null, null]);
  }));

Deno.test('look-up: nothing is settled when the provider cannot be asked', () =>
  withKeys(async () => {
    Deno.env.set('TWILIO_BASE_URL', 'http://127.0.0.1:1');
    const { desk, reports, lines } = deskWith([leaseFor()]);
    assert.deepEqual(await lookUp(desk), { found: 0, missing: 0, unclear: 0 });
    assert.deepEqual(reports, []);
    assert.match(lines[0], /Look-up failed/);
  }));
