import assert from 'node:assert/strict';
import { answerOf } from '../support/answers.ts';
import { type Database, sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { countersOf, forgetDebts } from '../support/gift_cards.ts';
import { signUpAs } from '../support/people.ts';
import { addRecipients, promise, type Promised } from '../support/promise.ts';
import { type Session, untilBlocked, withSessions } from '../support/sessions.ts';

/** A card that an agent gave, so that its code has not left, and the message that is to bring it. */
interface Waiting {
  cardId: string;
  deliveryId: string;
}

/** Cards for all recipients; their messages are due in an hour, so that the scheduler does not send them. */
async function giveUnsent({ clientId, recipients }: Promised): Promise<Waiting[]> {
  const agent = await signUpAs('call_agent', clientId);
  return await sql.begin(async (transaction) => {
    const rows = await transaction`
      select a.answer -> 'result' -> 'giftCard' ->> 'id' as "cardId",
        a.answer -> 'result' -> 'delivery' ->> 'id' as "deliveryId"
      from unnest(${recipients.map(({ id }) => id)}::uuid[]) as r (id),
        lateral (select public.provision_gift_card_for_call_center(null, null, r.id, 1, 'sms', null, false,
          row(gen_random_uuid(), ${agent.id}, null, null, null)::public.request) as answer) a`;
    await transaction`
      update public.deliveries set next_attempt_at = now() + interval '1 hour'
      where id in ${transaction(rows.map(({ deliveryId }) => deliveryId))}`;
    return rows.map(({ cardId, deliveryId }) => ({ cardId, deliveryId }));
  }) as Waiting[];
}

/** Sends a message now, as a worker would begin to; how many messages it got. */
async function lease(session: Session | Database, { deliveryId }: Waiting): Promise<number> {
  const [{ answer }] = await session`select public.lease_deliveries(${deliveryId}, 1) as answer`;
  return answer.result.deliveries.length;
}

const due = ({ deliveryId }: Waiting, session: Session) =>
  session`update public.deliveries set next_attempt_at = now() where id = ${deliveryId} and status = 'queued'`;

async function sweep(session: Session | Database, { cardId }: Waiting): Promise<string> {
  const [{ outcome }] = await session`select private.release_waiting_card(${cardId}) as outcome`;
  return outcome;
}

/** Takes a card back in the name of an admin. */
async function cancel(session: Session | Database, adminId: string, { cardId }: Waiting): Promise<string> {
  const [{ status }] = await session`
    select (private.cancel_gift_card(${cardId}, 'asked', false)).status
    from set_config('request.jwt.claims', ${JSON.stringify({ sub: adminId })}, false)`;
  return status;
}

async function resend(session: Session | Database, { cardId }: Waiting): Promise<string> {
  const answer = await answerOf(session`
    select public.resend_gift_card(${cardId}, 'email', 'ada@example.com', null, row(gen_random_uuid(), null, null, null, null)) as answer`);
  return answer.code ?? answer.outcome;
}

/** What the invariants say of the cards of one pool. */
async function assertNothingViolated(poolId: string) {
  const violations = await sql`
    select v.problem from private.cards_without_explanation v join public.gift_cards c on c.id = v.id
    where c.pool_id = ${poolId}
    union all select 'grants_without_card' from private.grants_without_card v
      join public.gift_card_grants g on g.id = v.id join public.card_pools p on p.client_id = g.client_id where p.id = ${poolId}
    union all select 'bills_without_card' from private.bills_without_card v
      join public.billing_transactions b on b.id = v.id join public.gift_cards c on c.id = b.gift_card_id
      where c.pool_id = ${poolId}
    union all select 'cards_of_cancelled_grants' from private.cards_of_cancelled_grants v
      join public.gift_cards c on c.id = v.id where c.pool_id = ${poolId}
    union all select 'pool_counters_off' from private.pool_counters_off v where v.id = ${poolId}`;
  assert.deepEqual([...violations], []);
}

Deno.test('release_stuck_cards: its message is being leased → skipped, then stuck', async () => {
  const promised = await promise();
  const [waiting] = await giveUnsent(promised);
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    await due(waiting, one);
    assert.equal(await lease(one, waiting), 1);
    assert.equal(await sweep(two, waiting), 'left_alone');
    await one`commit`;
    assert.equal(await sweep(two, waiting), 'stuck');
  });
  await assertNothingViolated(promised.poolId);
});

Deno.test('release_stuck_cards: a lease has begun → skipped', async () => {
  const promised = await promise();
  const [waiting] = await giveUnsent(promised);
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    await one`select from public.deliveries where id = ${waiting.deliveryId} for update`;
    assert.equal(await sweep(two, waiting), 'left_alone');
  });
  await assertNothingViolated(promised.poolId);
});

Deno.test('lease_deliveries: the card is being released → not leased; after a rollback → leased', async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const [kept, released] = await giveUnsent(promised);
  await withSessions(2, async ([one, two]) => {
    for (const [waiting, end, leased] of [[released, 'commit', 0], [kept, 'rollback', 1]] as const) {
      await one`begin`;
      assert.equal(await sweep(one, waiting), 'released');
      await two`begin`;
      assert.equal(await lease(two, waiting), 0);
      await two`commit`;
      await one.unsafe(end);
      await two`begin`;
      await due(waiting, two);
      assert.equal(await lease(two, waiting), leased);
      await two`commit`;
    }
  });
  const messages = await sql`
    select status from public.deliveries where id in ${sql([released.deliveryId, kept.deliveryId])} order by status`;
  assert.deepEqual(messages.map(({ status }) => status), ['cancelled', 'sending']);
  await assertNothingViolated(promised.poolId);
});

Deno.test('cancel_gift_card: waits for a lease → the code may have been disclosed', async () => {
  const promised = await promise();
  const admin = await signUpAs('client_admin', promised.clientId);
  const [waiting] = await giveUnsent(promised);
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    await due(waiting, one);
    assert.equal(await lease(one, waiting), 1);
    const [cancelling] = await untilBlocked(two, () => cancel(two, admin.id, waiting));
    await one`commit`;
    assert.equal(await cancelling, 'cancelled');
  });
  await assertNothingViolated(promised.poolId);
});

Deno.test('cancel_gift_card: a card returned to stock → its message is never sent', async () => {
  const promised = await promise();
  const admin = await signUpAs('client_admin', promised.clientId);
  const [waiting] = await giveUnsent(promised);
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    assert.equal(await cancel(one, admin.id, waiting), 'available');
    assert.equal(await lease(two, waiting), 0);
    const [resending] = await untilBlocked(two, () => resend(two, waiting));
    await one`commit`;
    assert.equal(await resending, 'RB-400');
    assert.equal(await lease(two, waiting), 0);
  });
  await assertNothingViolated(promised.poolId);
});

Deno.test('cancel_gift_card: a message queued while it waits for the card → canceled too', async () => {
  const promised = await promise();
  const admin = await signUpAs('client_admin', promised.clientId);
  const [waiting] = await giveUnsent(promised);
  await withSessions(2, async ([one, two]) => {
    await one`begin`;
    assert.equal(await resend(one, waiting), 'ok');
    await one`
      update public.deliveries set next_attempt_at = now() + interval '1 hour'
      where subject_id = ${waiting.cardId} and channel = 'email'`;
    const [cancelling] = await untilBlocked(two, () => cancel(two, admin.id, waiting));
    await one`commit`;
    assert.equal(await cancelling, 'available');
  });
  const messages = await sql`select status from public.deliveries where subject_id = ${waiting.cardId}`;
  assert.deepEqual(messages.map(({ status }) => status), ['cancelled', 'cancelled']);
  await assertNothingViolated(promised.poolId);
});

Deno.test('cancel_gift_card: another message leased while it waits for the card → the lease goes first', async () => {
  const promised = await promise();
  const admin = await signUpAs('client_admin', promised.clientId);
  const [waiting] = await giveUnsent(promised);
  await withSessions(3, async ([one, two, three]) => {
    await one`begin`;
    await one`select from public.gift_cards where id = ${waiting.cardId} for update`;
    const [cancelling] = await untilBlocked(two, () => cancel(two, admin.id, waiting));
    const [{ id: deliveryId }] = await sql`
      insert into public.deliveries (client_id, topic, subject_id, recipient_id, channel, deliver_to, next_attempt_at)
      values (${promised.clientId}, 'gift_card', ${waiting.cardId}, ${promised.recipient.id}, 'email', 'ada@example.com',
        now() + interval '1 hour')
      returning id`;
    await three`begin`;
    await due({ ...waiting, deliveryId }, three);
    const [leasing] = await untilBlocked(three, () => lease(three, { ...waiting, deliveryId }));
    await one`commit`;
    assert.equal(await leasing, 1);
    await three`commit`;
    assert.equal(await cancelling, 'cancelled');
  });
  await assertNothingViolated(promised.poolId);
});

/** Lets the stock of a pool expire in so many seconds. */
async function expireIn(seconds: number, { poolId }: Promised): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`
      update public.gift_card_brands b set minimum_validity = '0'
      from public.card_pools p where p.id = ${poolId} and b.id = p.brand_id`;
    const [{ lot, expires_at }] = await transaction`
      insert into private.card_lots (pool_id, expires_at) values (${poolId}, now() + make_interval(secs => ${seconds}))
      returning id as lot, expires_at`;
    await transaction`update public.gift_cards set lot_id = ${lot}, expires_at = ${expires_at} where pool_id = ${poolId}`;
  });
}

/** Begins a transaction whose time is before the date of the cards, however slow the machine is. */
async function beginBeforeItExpires(session: Session, promised: Promised): Promise<void> {
  await session`begin`;
  await session`select now()`;
  await expireIn(4, promised);
}

const untilExpired = ({ poolId }: Promised) =>
  eventually('the cards are past their date', async () => {
    const [{ past }] = await sql`
      select bool_and(expires_at < clock_timestamp()) as past from public.gift_cards where pool_id = ${poolId}`;
    return past;
  });

async function claim(session: Session, { recipient, campaignId }: Promised): Promise<string> {
  const [{ answer }] = await session`
    select public.provision_gift_card(${campaignId}, ${recipient.id}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
  return answer.code ?? answer.outcome;
}

Deno.test('expire_gift_cards: a claim in time → keeps its card', async () => {
  const promised = await promise();
  await withSessions(2, async ([one, two]) => {
    await beginBeforeItExpires(one, promised);
    assert.equal(await claim(one, promised), 'ok');
    await untilExpired(promised);
    await two`select private.expire_cards(now(), 1000)`;
    await one`commit`;
  });
  const [{ status }] = await sql`select status from public.gift_cards where pool_id = ${promised.poolId}`;
  assert.match(status, /delivered|expired/); // given in time; then its own date passes
  const [{ claimed_at, expires_at }] = await sql`select * from public.gift_cards where pool_id = ${promised.poolId}`;
  assert.ok(claimed_at < expires_at);
  await assertNothingViolated(promised.poolId);
});

Deno.test('expire_gift_cards: the last card expires while a claim waits → GC-003', async () => {
  const promised = await promise();
  await withSessions(2, async ([one, two]) => {
    await two`begin`;
    await beginBeforeItExpires(one, promised);
    await two`select from public.gift_cards where pool_id = ${promised.poolId} for update`;
    await untilExpired(promised);
    const [waiting] = await untilBlocked(one, () => claim(one, promised));
    await two`select private.mark_cards_expired(array(select id from public.gift_cards where pool_id = ${promised.poolId}))`;
    await two`commit`;
    assert.equal(await waiting, 'GC-003');
    await one`commit`;
  });
  assert.deepEqual(await countersOf(promised.poolId), { total: 1, available: 0, claimed: 0, delivered: 0 });
  await assertNothingViolated(promised.poolId);
});

Deno.test('expire_gift_cards: concurrent runs → each card expired once', async () => {
  const promised = await promise({ cards: 200 });
  await expireIn(0, promised);
  await withSessions(8, async (sessions) => {
    await Promise.all(sessions.map(async (session) => {
      for (let run = 0; run < 10; run++) await session`select private.expire_cards(now(), 7)`;
    }));
  });
  await eventually('all have expired', async () => {
    await sql`select private.expire_cards(now(), 1000)`;
    const [{ left }] = await sql`
      select count(*) as left from public.gift_cards where pool_id = ${promised.poolId} and status = 'available'`;
    return left === 0;
  });
  const [{ expired }] = await sql`
    select sum((metadata ->> 'in_stock')::int) as expired from public.audit_events
    where subject_id = ${promised.poolId} and action = 'gift_cards.expired'`;
  assert.equal(expired, 200);
  await assertNothingViolated(promised.poolId);
});

Deno.test('release_stuck_cards: concurrent runs → each card released once, each reward pending once', async () => {
  const promised = await promise({ cards: 40, recipients: 40 });
  const waiting = await giveUnsent(promised);
  await sql`
    with cards as (
      update public.gift_cards set claimed_at = now() - interval '11 minutes'
      where id in ${sql(waiting.map(({ cardId }) => cardId))} returning id)
    update public.deliveries d set created_at = now() - interval '11 minutes' from cards c where d.subject_id = c.id`;
  await withSessions(8, async (sessions) => {
    await Promise.all(sessions.map(async (session) => {
      for (let run = 0; run < 10; run++) await session`select private.release_waiting_cards(now(), 7)`;
    }));
  });
  await eventually('all are released', async () => {
    await sql`select private.release_waiting_cards(now(), 100)`;
    return (await sql`
      select from public.audit_events where client_id = ${promised.clientId} and action = 'gift_card.released'`)
      .length >= 40;
  });
  const [counts] = await sql`
    select (select count(*) from public.audit_events
        where client_id = ${promised.clientId} and action = 'gift_card.released') as released,
      (select count(*) from public.billing_transactions
        where client_id = ${promised.clientId} and reverses_id is not null) as reversed,
      (select count(distinct recipient_id) from public.pending_rewards where client_id = ${promised.clientId}) as owed`;
  assert.deepEqual({ ...counts }, { released: 40, reversed: 40, owed: 40 });
  await assertNothingViolated(promised.poolId);
});

Deno.test('life cycle: workers, jobs, admins and agents on the same cards → no deadlock', async () => {
  const CARDS = 24;
  const promised = await promise({ cards: CARDS, recipients: CARDS });
  const admin = await signUpAs('client_admin', promised.clientId);
  const cards = await giveUnsent(promised);
  const report = async (session: Session, waiting: Waiting) => {
    await due(waiting, session);
    const [{ answer }] = await session`select public.lease_deliveries(${waiting.deliveryId}, 1) as answer`;
    for (const { attemptId, leaseToken } of answer.result.deliveries) {
      await session`select public.complete_delivery_attempt(${attemptId}, ${leaseToken}, 'retriable', 'twilio', null, '429', null)`;
    }
  };
  const acts: ((session: Session, waiting: Waiting) => Promise<unknown>)[] = [
    report,
    (session, waiting) => sweep(session, waiting),
    (session, waiting) => cancel(session, admin.id, waiting),
    (session, waiting) => resend(session, waiting),
  ];
  const surprises: string[] = [];
  await withSessions(8, async (sessions) => {
    await Promise.all(sessions.map(async (session, n) => {
      for (let step = 0; step < CARDS * 3; step++) {
        const act = acts[(n + step) % acts.length];
        // Beside each other on the same few cards, so that they meet.
        await act(session, cards[(step >> 2) % CARDS]).catch(({ code, message }) => {
          if (!/^(RB400|RB404)$/.test(code)) surprises.push(`${code} ${message}`);
        });
      }
    }));
  });
  assert.deepEqual(surprises, []);
  await assertNothingViolated(promised.poolId);
  // Returned cards are provisioned again, once each; rewards that the job made pending are cancelled, so that no job fulfils them first.
  await forgetDebts(promised.campaignId);
  const { available } = await countersOf(promised.poolId) as { available: number };
  const others = await addRecipients(promised.campaignId, available + 1);
  const answers = await Promise.all(others.map(async ({ id }) => {
    const [{ answer }] = await sql`
      select public.provision_gift_card(null, ${id}, null, null, 1, null, null,
        row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
    return answer.code ?? answer.result.giftCard.id;
  }));
  assert.equal(answers.filter((answer) => answer === 'GC-003').length, 1);
  assert.equal(new Set(answers).size, available + 1);
  await assertNothingViolated(promised.poolId);
});

/** Leases a message and reports its attempt; the provider's id of the message, or null when it could not be leased. */
async function attempt(session: Session, deliveryId: string, outcome: string): Promise<string | null> {
  await due({ cardId: '', deliveryId }, session);
  const [{ answer }] = await session`select public.lease_deliveries(${deliveryId}, 1) as answer`;
  const [leased] = answer.result.deliveries;
  if (!leased) return null;
  const id = `SM${deliveryId}`;
  await session`
    select public.complete_delivery_attempt(${leased.attemptId}, ${leased.leaseToken}, ${outcome}, 'twilio',
      ${outcome === 'sent' ? id : null}, ${outcome === 'sent' ? null : '21211'}, null)`;
  return id;
}

const tell = (session: Session | Database, messageId: string, status: string) =>
  session`select public.record_delivery_status('twilio', ${messageId}, null, ${status}, '30003')`;

Deno.test('apply_delivery_outcome: both messages of a card fail at the same moment → stuck, never delivered', async () => {
  const CARDS = 30;
  const promised = await promise({ cards: CARDS, recipients: CARDS });
  const cards = await giveUnsent(promised);
  await withSessions(2, async ([one, two]) => {
    for (const { cardId, deliveryId } of cards) {
      const [{ id: other }] = await sql`
        insert into public.deliveries (client_id, topic, subject_id, recipient_id, channel, deliver_to, next_attempt_at)
        select client_id, 'gift_card', id, recipient_id, 'email', 'ada@example.com', now() + interval '1 hour'
        from public.gift_cards where id = ${cardId} returning id`;
      const [first, second] = [await attempt(one, deliveryId, 'sent'), await attempt(two, other, 'sent')];
      await Promise.all([tell(one, first!, 'undelivered'), tell(two, second!, 'undelivered')]);
    }
  });
  const states = await sql`
    select status, count(*)::int as cards from public.gift_cards where pool_id = ${promised.poolId} group by status`;
  assert.deepEqual(states.map(({ status, cards }) => [status, cards]), [['stuck', CARDS]]);
  await assertNothingViolated(promised.poolId);
});

Deno.test('apply_delivery_outcome: outcomes, resends, cancellations and sweeps in a storm → no invariant is violated, no deadlock', async () => {
  const CARDS = 16;
  const promised = await promise({ cards: CARDS, recipients: CARDS });
  const admin = await signUpAs('client_admin', promised.clientId);
  const cards = await giveUnsent(promised);
  const messages = (session: Session, { cardId }: Waiting) =>
    session`select id, provider_message_id from public.deliveries where subject_id = ${cardId} order by random()`;
  const report = (outcome: string) => async (session: Session, waiting: Waiting) => {
    const [{ id }] = await messages(session, waiting);
    await attempt(session, id, outcome);
  };
  const callback = (status: string) => async (session: Session, waiting: Waiting) => {
    const [{ provider_message_id }] = await messages(session, waiting);
    if (provider_message_id) await tell(session, provider_message_id, status);
  };
  const acts: ((session: Session, waiting: Waiting) => Promise<unknown>)[] = [
    ...['sent', 'permanent', 'sent', 'retriable'].map(report),
    ...['undelivered', 'delivered', 'undelivered'].map(callback),
    (session, waiting) => resend(session, waiting),
    (session, waiting) => sweep(session, waiting),
    async (session, waiting) => {
      if (Math.random() < 0.1) await cancel(session, admin.id, waiting);
    },
    (session, { cardId }) =>
      session`
        select private.allow_gift_card_replacement(${cardId}, 'asked')
        from set_config('request.jwt.claims', ${JSON.stringify({ sub: admin.id })}, false)`,
  ];
  const surprises: string[] = [];
  await withSessions(8, async (sessions) => {
    await Promise.all(sessions.map(async (session) => {
      for (let step = 0; step < 120; step++) {
        const act = acts[Math.floor(Math.random() * acts.length)];
        await act(session, cards[Math.floor(Math.random() * CARDS)]).catch(({ code, message }) => {
          if (!/^(RB400|RB404)$/.test(code)) surprises.push(`${code} ${message}`);
        });
      }
    }));
  });
  assert.deepEqual(surprises, []);
  await assertNothingViolated(promised.poolId);
});
