import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';
import { atOnce } from '../support/sessions.ts';
import { uniquePhone } from '../support/unique.ts';

const RACES = Number(Deno.env.get('OPT_OUT_RACES') ?? 300);
const AT_ONCE = 6;

interface Lease {
  attemptId: string;
  leaseToken: string;
}

Deno.test(`lease_deliveries: ${RACES} races with an opt-out → nothing leased after its commit`, async () => {
  const { clientId } = await promise({ cards: 0 });
  const [senders, phones] = [connect(undefined, AT_ONCE), connect(undefined, AT_ONCE)];
  const outcomes = { leased: 0, suppressed: 0 };

  const lease = async (id: string): Promise<Lease | undefined> => {
    const [{ answer }] = await senders`select public.lease_deliveries(${id}, 1) as answer`;
    return answer.result.deliveries[0];
  };
  // Each in a transaction of its own, as the callback and the worker are.
  const race = async () => {
    const phone = uniquePhone();
    const [{ id }] = await senders`
      insert into public.deliveries (client_id, topic, notice, subject_id, channel, deliver_to)
      values (${clientId}, 'notice', 'reward_delayed', gen_random_uuid(), 'sms', ${phone}) returning id`;
    let isOptedOut = false;
    const optingOut = (async () => {
      await new Promise((resume) => setTimeout(resume, Math.random() * 6));
      await phones`select public.receive_sms(${`SM${
        randomBytes(16).toString('hex')
      }`}, ${phone}, null, 'STOP', 0, 'opt_out',
        true)`;
      isOptedOut = true;
    })();
    await new Promise((resume) => setTimeout(resume, Math.random() * 6));
    const wasOptedOut = isOptedOut;
    const leased = await lease(id);
    assert.ok(!(wasOptedOut && leased), 'leased after the opt-out was committed');
    await optingOut;
    assert.equal(await lease(id), undefined);
    if (leased) {
      await senders`select public.complete_delivery_attempt(${leased.attemptId}, ${leased.leaseToken}, 'permanent', 'twilio',
        null, '21610', null)`;
    }
    const [{ status, attempts }] = await senders`select status, attempts from public.deliveries where id = ${id}`;
    // The scheduler's own worker is in the race as well.
    if (status === 'suppressed') assert.equal(attempts, 0);
    outcomes[status === 'suppressed' ? 'suppressed' : 'leased']++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let races = 0; races < RACES / AT_ONCE; races++) await race();
  }));
  await Promise.all([senders.end(), phones.end()]);

  assert.ok(outcomes.leased > 0 && outcomes.suppressed > 0, JSON.stringify(outcomes));
  assert.deepEqual([...await sql`select * from private.attempts_after_opt_out`], []);
  assert.deepEqual([...await sql`select * from private.opt_outs_without_proof`], []);
});

Deno.test('receive_sms: the same message many times at once → stored once', async () => {
  const [phone, sid] = [uniquePhone(), `SM${randomBytes(16).toString('hex')}`];
  const answers = await atOnce(24, async (db) => {
    const [{ answer }] = await db`
      select public.receive_sms(${sid}, ${phone}, null, 'stop it', 0, 'opt_out', false) as answer`;
    return answer.result;
  });
  assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
  assert.equal(answers[0].answer, 'opt_out');
  const [{ messages, facts }] = await sql`
    select (select count(*) from public.inbound_messages where phone = ${phone}) as messages,
      (select count(*) from public.consents where address = ${phone}) as facts`;
  assert.deepEqual([messages, facts], [1, 1]);
});

Deno.test('receive_sms: STOP and START at once → STOP is never lost', async () => {
  const pool = connect(undefined, 2);
  const write = (phone: string, body: string, meaning: string) =>
    pool`select public.receive_sms(${`SM${
      randomBytes(16).toString('hex')
    }`}, ${phone}, null, ${body}, 0, ${meaning}, true)`;
  for (let races = 0; races < 40; races++) {
    const phone = uniquePhone();
    await write(phone, 'STOP', 'opt_out');
    await Promise.all([write(phone, 'START', 'opt_in'), write(phone, 'STOP', 'opt_out')]);
    const [{ last, is_out }] = await sql`
      select (select action from public.consents where address = ${phone} order by id desc limit 1) as last,
        exists (select from public.contact_opt_outs where address = ${phone}) as is_out`;
    // Whichever came last has its effect, and its fact is the last one.
    assert.equal(is_out, last === 'opted_out');
  }
  await pool.end();
});

Deno.test('record_email_events: overlapping batches at once → each event once, no deadlock', async () => {
  const ids = Array.from({ length: 200 }, () => crypto.randomUUID());
  const batches = Array.from(
    { length: 16 },
    () =>
      ids.filter(() => Math.random() < 0.5).sort(() => Math.random() - 0.5).map((id) => ({
        id,
        messageId: id.slice(0, 2),
        status: null,
        preference: 'opt_out',
        address: `${id}@example.com`,
        reason: 'spamreport',
      })),
  );
  const counts = await atOnce(batches.length, async (db, n) => {
    const [{ answer }] = await db`select public.record_email_events(${db.json(batches[n])}) as answer`;
    return answer.result.new as number;
  });
  const told = new Set(batches.flat().map(({ id }) => id));
  assert.equal(counts.reduce((sum, count) => sum + count, 0), told.size);
  const [{ facts }] = await sql`
    select count(*) as facts from public.consents where address = any (${
    ids.map((id) => `${id}@example.com`)
  }::text[])`;
  assert.equal(facts, told.size);
});
