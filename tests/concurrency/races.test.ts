import assert from 'node:assert/strict';
import { promise, type Promised, type Recipient } from '../support/promise.ts';
import { type Session, untilBlocked, withSessions } from '../support/sessions.ts';

interface Outcome {
  card: string | null;
  code: string | null;
  replayed: boolean | null;
}

/** Asks for a recipient's card in a session. */
async function claim(session: Session, { campaignId }: Promised, recipient: Recipient, key: string | null = null) {
  const [{ answer }] = await session`
    select public.provision_gift_card(${campaignId}, ${recipient.id}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, ${key}, ${key && 'hash'})::public.request) as answer`;
  const { code = null, replayed = null, result } = answer;
  return { card: result?.giftCard.id ?? null, code, replayed } as Outcome;
}

Deno.test('provision_gift_card: two open transactions → two cards, without waiting', async () => {
  // All cards but one are taken, so wherever the second session begins to look, it meets one that is locked.
  const promised = await promise({ cards: 8, recipients: 8 });
  const [last, ...others] = promised.recipients;
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    const taken = new Set<string | null>();
    for (const recipient of others) taken.add((await claim(one, promised, recipient)).card);
    const { card } = await claim(two, promised, last);
    assert.ok(card && !taken.has(card));
    await one`commit`;
    assert.equal(taken.size, others.length);
  });
});

Deno.test('provision_gift_card: the last card is rolled back → the waiting claim gets it', async () => {
  const promised = await promise({ cards: 1, recipients: 2 });
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    const first = await claim(one, promised, promised.recipients[0]);
    const [waiting] = await untilBlocked(two, () => claim(two, promised, promised.recipients[1]));
    await one`rollback`;
    assert.equal((await waiting).card, first.card);
  });
});

Deno.test('provision_gift_card: the last card is committed → the waiting claim gets GC-003', async () => {
  const promised = await promise({ cards: 1, recipients: 2 });
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    await claim(one, promised, promised.recipients[0]);
    const [waiting] = await untilBlocked(two, () => claim(two, promised, promised.recipients[1]));
    await one`commit`;
    assert.equal((await waiting).code, 'GC-003');
  });
});

Deno.test('provision_gift_card: the same reward is committed → the waiting call gets GC-010', async () => {
  const promised = await promise({ cards: 2 });
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    assert.ok((await claim(one, promised, promised.recipient)).card);
    const [waiting] = await untilBlocked(two, () => claim(two, promised, promised.recipient));
    await one`commit`;
    assert.equal((await waiting).code, 'GC-010');
  });
});

Deno.test('provision_gift_card: the same reward is rolled back → the waiting call gets it', async () => {
  const promised = await promise({ cards: 2 });
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    await claim(one, promised, promised.recipient);
    const [waiting] = await untilBlocked(two, () => claim(two, promised, promised.recipient));
    await one`rollback`;
    assert.ok((await waiting).card);
  });
});

Deno.test('provision_gift_card: waits for the same idempotency key → the stored answer', async () => {
  const promised = await promise({ cards: 2 });
  const key = crypto.randomUUID();
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    const first = await claim(one, promised, promised.recipient, key);
    assert.equal(first.replayed, false);
    const [waiting] = await untilBlocked(two, () => claim(two, promised, promised.recipient, key));
    await one`commit`;
    assert.deepEqual(await waiting, { ...first, replayed: true });
  });
});
