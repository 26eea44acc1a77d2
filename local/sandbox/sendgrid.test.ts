import assert from 'node:assert/strict';
import type { Message } from '../../supabase/functions/_shared/messages/providers/port.ts';
import { arrived, fail, sendgridAt, withSandbox } from './testing.ts';

const to = 'ann@example.com';

function message(over: Partial<Message> = {}): Message {
  return {
    attemptId: crypto.randomUUID(),
    to,
    subject: 'Your card — 25 €',
    text: 'Code: AMZN-1 é 👍',
    html: '<p>Code: AMZN-1</p>',
    ...over,
  };
}

Deno.test('sendgrid: an e-mail → arrives unchanged, with the attempt id', () =>
  withSandbox(async (sandbox) => {
    const sent = message();
    const outcome = await sendgridAt(sandbox).send(sent);
    assert.equal(outcome.outcome, 'sent');
    const [mail] = await arrived(sandbox, to);
    assert.equal(mail.sid, outcome.providerMessageId);
    assert.deepEqual([mail.subject, mail.body, mail.html], [sent.subject, sent.text, sent.html]);
    assert.equal(mail.from, 'cards@rewardbase.test');
    assert.deepEqual(mail.tags, { delivery_attempt_id: sent.attemptId });
  }));

const REFUSED: [kind: string, outcome: string][] = [
  ['429', 'retriable'],
  ['503', 'retriable'],
  ['500', 'ambiguous'],
  ['401', 'permanent'],
  ['403', 'permanent'],
  ['413', 'permanent'],
];

for (const [kind, outcome] of REFUSED) {
  Deno.test(`sendgrid: ${kind} → ${outcome}, nothing arrives`, () =>
    withSandbox(async (sandbox) => {
      await fail(sandbox, { provider: 'sendgrid', to, kind });
      const result = await sendgridAt(sandbox).send(message());
      assert.deepEqual([result.outcome, result.errorCode], [outcome, `http_${kind}`]);
      assert.deepEqual(await arrived(sandbox, to), []);
    }));
}

Deno.test('sendgrid: an invalid message → permanent, with the reason', () =>
  withSandbox(async (sandbox) => {
    const result = await sendgridAt(sandbox).send(message({ to: 'nobody' }));
    assert.deepEqual([result.outcome, result.errorCode], ['permanent', 'http_400']);
    assert.match(result.errorMessage!, /valid address/);
  }));

Deno.test('sendgrid: a wrong key → permanent; no connection → retriable', () =>
  withSandbox(async (sandbox) => {
    const another = sendgridAt(sandbox, { apiKey: 'SG.another' });
    assert.equal((await another.send(message())).outcome, 'permanent');
    const unreachable = sendgridAt(sandbox, { baseUrl: 'http://127.0.0.1:1' });
    assert.equal((await unreachable.send(message())).outcome, 'retriable');
  }));

Deno.test('sendgrid: the connection breaks → the request is not repeated by the runtime', () =>
  withSandbox(async (sandbox) => {
    const provider = sendgridAt(sandbox);
    assert.equal((await provider.send(message({ text: 'warms the connection up' }))).outcome, 'sent');
    await fail(sandbox, { provider: 'sendgrid', to, kind: 'timeout_after_accepting', holdMs: 0 });
    assert.equal((await provider.send(message())).outcome, 'ambiguous');
    assert.equal((await arrived(sandbox, to)).length, 2);
  }));

Deno.test('sendgrid: the connection breaks → the activity feed shows accepted e-mails only', () =>
  withSandbox(async (sandbox) => {
    await fail(sandbox, { provider: 'sendgrid', to, kind: 'timeout_after_accepting', holdMs: 0 });
    const taken = message();
    assert.equal((await sendgridAt(sandbox).send(taken)).outcome, 'ambiguous');
    const [{ sid }] = await arrived(sandbox, to);
    assert.deepEqual(await sendgridAt(sandbox).find(taken, new Date()), {
      candidates: [{ providerMessageId: sid, providerStatus: 'delivered' }],
      isComplete: false,
    });

    await fail(sandbox, { provider: 'sendgrid', to, kind: 'timeout_before_accepting', holdMs: 0 });
    const lost = message();
    assert.equal((await sendgridAt(sandbox).send(lost)).outcome, 'ambiguous');
    assert.deepEqual(await sendgridAt(sandbox).find(lost, new Date()), { candidates: [], isComplete: false });
  }));

Deno.test('sendgrid: no activity feed → unclear', () =>
  withSandbox(async (sandbox) => {
    const another = sendgridAt(sandbox, { apiKey: 'SG.another' });
    assert.deepEqual(await another.find(message(), new Date()), { candidates: [], isComplete: false });
  }));
