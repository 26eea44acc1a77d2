import assert from 'node:assert/strict';
import { answerOf } from '../support/answers.ts';
import { connect, type Database } from '../support/database.ts';
import { OwnStack } from '../support/own_stack.ts';
import { type Place, promise, stock } from '../support/promise.ts';
import { seeded, seedFrom } from '../support/random.ts';
import { request } from '../support/request.ts';
import { uniqueEmail, uniquePhone } from '../support/unique.ts';

const ACTORS = 12;
const STEPS = 60;
const RECIPIENTS = 24;
const seed = seedFrom('STORM_SEED');

/** A refusal that the catalogue knows; everything else, deadlocks too, is a surprise. */
const isRefusal = (code: string) => /^(GC|VC|WL|RB)\d{3}$/.test(code) && !['GC015', 'RB500'].includes(code);

Deno.test(`storm: imports, corrections, rotations, outcomes, replacements, money and wishes at once → every invariant holds (seed ${seed})`, async () => {
  const own = await OwnStack.begin();
  const db = connect(own.facts.dbUrl, ACTORS + 4);
  try {
    const place: Place = { database: db, on: own.facts };
    const tenant = await promise({ cards: 30, recipients: RECIPIENTS }, place);
    const people = await staff(db, tenant.clientId);
    await prepay(db, tenant.clientId);
    const voucher = await makeVoucher(db, tenant.clientId);
    const surprises: string[] = [];
    const counts: Record<string, number> = {};
    const look = async () =>
      surprises.push(...(await db`select * from private.invariant_violations`).map((row) => JSON.stringify(row)));

    await Promise.all(Array.from({ length: ACTORS }, async (_, actor) => {
      const random = seeded(seed + actor);
      const pick = <Item>(items: Item[]): Item => items[Math.floor(random() * items.length)];
      const acts = actsOf(db, place, tenant, people, voucher, pick, random);
      for (let step = 0; step < STEPS; step++) {
        const [name, act] = pick(Object.entries(acts));
        try {
          const answer = await act();
          const code = answer?.code ?? 'ok';
          counts[`${name} ${code}`] = (counts[`${name} ${code}`] ?? 0) + 1;
          if (code === 'GC-015' || code === 'RB-500') surprises.push(`${name}: ${JSON.stringify(answer)}`);
        } catch (error) {
          const { code, message } = error as { code: string; message: string };
          counts[`${name} ${code}`] = (counts[`${name} ${code}`] ?? 0) + 1;
          if (!isRefusal(code)) surprises.push(`${name}: ${code} ${message}`);
        }
        if (step % 20 === actor) await look();
      }
    }));
    await look();
    if (Deno.env.get('STORM_COUNTS')) console.log(counts);
    assert.deepEqual(surprises, []);
    for (const name of Object.keys(actsOf(db, place, tenant, people, voucher, (items) => items[0], Math.random))) {
      assert.ok(counts[`${name} ok`] > 0, `${name} never succeeded: ${JSON.stringify(counts)}`);
    }
    const twice = await db`
      select g.recipient_id from public.gift_card_grants g join public.gift_cards c on c.grant_id = g.id
      where g.client_id = ${tenant.clientId} and g.cancelled_at is null
      group by g.recipient_id, g.condition_number having count(*) > 1`;
    assert.deepEqual([...twice], []);
    const [{ made, people: names }] = await db`
      select count(*)::int as made, count(distinct (first_name, last_name, phone))::int as people
      from public.campaign_recipients where campaign_id = ${tenant.campaignId} and last_name like 'Listed%'`;
    assert.equal(made, names);
  } finally {
    await db.end();
    await own.end();
  }
});

interface Staff {
  admin: string;
  agent: string;
  platform: string;
  customers: string[];
}

async function staff(db: Database, clientId: string): Promise<Staff> {
  const add = async (role: string) => {
    const [{ id }] =
      await db`insert into auth.users (id, email) values (gen_random_uuid(), ${uniqueEmail()}) returning id`;
    await db`
      insert into public.memberships (user_id, role, client_id)
      values (${id}, ${role}, ${role === 'platform_admin' ? null : clientId})`;
    return id as string;
  };
  return {
    admin: await add('client_admin'),
    agent: await add('call_agent'),
    platform: await add('platform_admin'),
    customers: await Promise.all(Array.from({ length: 6 }, () => add('customer'))),
  };
}

/** Client and agency both pay from credit, so that a card moves money at two levels. */
async function prepay(db: Database, clientId: string): Promise<void> {
  const [{ agencyId }] = await db`select agency_id as "agencyId" from public.clients where id = ${clientId}`;
  await db`update public.clients set prepaid_since = now() - interval '1 hour' where id = ${clientId}`;
  await db`update public.agencies set prepaid_since = now() - interval '1 hour' where id = ${agencyId}`;
  await db`
    select private.post_credit('allocation', private.system_account(null, 'issuance', 'credit:USD'),
      private.credit_account('agency', ${agencyId}, 'USD'), 2500, ${crypto.randomUUID()})`;
  await db`
    select private.post_credit('allocation', private.credit_account('agency', ${agencyId}, 'USD'),
      private.credit_account('client', ${clientId}, 'USD'), 900, ${crypto.randomUUID()})`;
}

async function makeVoucher(db: Database, clientId: string): Promise<string> {
  const [{ code }] = await db`
    insert into public.vouchers (client_id, code, type, value, usage_limit, per_customer_limit)
    values (${clientId}, 'STORM-2345-VWXY', 'credit', 1500, 40, 20) returning code`;
  return code;
}

function actsOf(
  db: Database,
  place: Place,
  { clientId, campaignId, poolId, brandId, recipients }: Awaited<ReturnType<typeof promise>>,
  { admin, agent, platform, customers }: Staff,
  voucher: string,
  pick: <Item>(items: Item[]) => Item,
  random: () => number,
) {
  type Answer = { code?: string; result?: Record<string, unknown> } | undefined;
  const as = (user: string, call: (session: Database) => Promise<unknown>) =>
    db.begin(async (session) => {
      await session`select set_config('request.jwt.claims', ${
        JSON.stringify({ sub: user, role: 'authenticated' })
      }, true)`;
      await call(session as unknown as Database);
    }) as Promise<undefined>;
  const ask = (query: Promise<{ answer?: Answer }[]>): Promise<Answer> => answerOf(query);
  const someone = () => pick(recipients);
  const phone = () => random() < 0.5 ? uniquePhone() : someone().phone;
  const card = async () =>
    (await db`
    select id from public.gift_cards where client_id = ${clientId} and grant_id is not null order by random() limit 1`)[
      0
    ]?.id ?? null;
  const message = async () =>
    (await db`
    select id, provider_message_id as sid from public.deliveries where client_id = ${clientId} order by random() limit 1`)[
      0
    ] ?? {};
  const usage = async () =>
    (await db`
    select id from public.voucher_usage where client_id = ${clientId} order by random() limit 1`)[0]?.id ?? null;

  return {
    import: () =>
      as(admin, (session) =>
        session`
          select public.import_recipients(${campaignId}, ${
          session.json(
            Array.from(
              { length: 5 },
              (_, n) => ({ firstName: 'Ada', lastName: `Listed ${n}`, phone: `+1202555${2000 + n}` }),
            ),
          )
        })`),
    form: () =>
      ask(db`
        select public.redeem_gift_card((select redemption_token from public.recipient_codes where recipient_id = ${someone().id}),
          null, null, 'sms', ${phone()},
          row(gen_random_uuid(), null, ${
        '203.0.113.' + Math.floor(random() * 250)
      }, null, null)::public.request) as answer`),
    server: () =>
      ask(db`
        select public.provision_gift_card(${campaignId}, ${someone().id}, null, null, 1, 'sms', ${phone()},
          row(gen_random_uuid(), null, null, null, null)::public.request) as answer`),
    agent: () =>
      ask(db`
        select public.provision_gift_card_for_call_center(null, null, ${someone().id}, 1, 'sms', null, false,
          row(gen_random_uuid(), ${agent}, null, null, null)::public.request, '{}', 'asked by phone') as answer`),
    restock: async () => void await stock(poolId, 2, place),
    fulfil: () => ask(db`select public.fulfil_pending_reward('{}') as answer`),
    correct: () =>
      as(admin, (session) =>
        session`
          select public.update_pending_reward(r.id, 'sms', ${uniquePhone()}, 'a new phone')
          from (select id from public.pending_rewards where client_id = ${clientId} and status like 'awaiting%'
            order by random() limit 1) r`),
    condition: () =>
      as(
        admin,
        (session) =>
          session`select public.update_campaign_condition(${campaignId}, 1, condition_name => ${
            'Condition ' + Math.floor(random() * 9)
          })`,
      ),
    rotate: () =>
      as(admin, (session) => session`select public.rotate_redemption_codes(${campaignId}, reason => 'a leak')`),
    send: async () => {
      const { id } = await message();
      const [{ answer }] = await db`select public.lease_deliveries(${id ?? null}, 3) as answer`;
      for (const lease of answer.result.deliveries) {
        const outcome = pick(['sent', 'sent', 'permanent', 'retriable', 'ambiguous']);
        await db`
          select public.complete_delivery_attempt(${lease.attemptId}, ${lease.leaseToken}, ${outcome},
            ${lease.channel === 'sms' ? 'twilio' : 'sendgrid'}, ${outcome === 'sent' ? crypto.randomUUID() : null},
            ${outcome === 'sent' ? null : '21211'}, null)`;
      }
      return undefined;
    },
    callback: async () => {
      const { sid } = await message();
      if (!sid) return undefined;
      return ask(db`
        select public.record_delivery_status('twilio', ${sid}, null, ${
        pick(['delivered', 'undelivered', 'sent'])
      }, '30003') as answer`);
    },
    resend: async () =>
      ask(db`
        select public.resend_gift_card(${await card()}, 'sms', null, 'again', row(gen_random_uuid(), ${admin}, null, null, null)) as answer`),
    cancel: async () => {
      const id = await card();
      return await as(admin, (session) => session`select public.cancel_gift_card(${id}, 'asked', ${random() < 0.5})`);
    },
    replace: async () => {
      const id = await card();
      return await as(admin, (session) => session`select public.allow_gift_card_replacement(${id}, 'asked')`);
    },
    sweep: () => ask(db`select public.release_stuck_cards() as answer`),
    stop: () =>
      ask(db`
        select public.receive_sms(gen_random_uuid()::text, ${someone().phone}, '+15550100000', 'STOP', 0, 'opt_out', false) as answer`),
    start: () =>
      ask(db`
        select public.receive_sms(gen_random_uuid()::text, ${someone().phone}, '+15550100000', 'START', 0, 'opt_in', false) as answer`),
    voucher: () =>
      ask(db`
        select public.redeem_voucher(
          ${voucher}, ${clientId}, null, ${request({ actor: pick(customers), ip: '203.0.113.9' })}) as answer`),
    rollback: async () => {
      const id = await usage();
      return await as(admin, (session) => session`select public.rollback_voucher_redemption(${id}, 'asked')`);
    },
    spend: () => {
      const customer = pick(customers);
      return db`
        select private.post_transfer(${clientId}, 'spend', private.ledger_account(${clientId}, 'user', ${customer}, 'bizcoin'),
          private.system_account(${clientId}, 'revenue', 'bizcoin'), 400, gen_random_uuid()::text)`.then(() =>
        undefined
      );
    },
    credit: () =>
      as(
        platform,
        (session) =>
          session`select public.allocate_credit(25, client_id => ${clientId}, idempotency_key => ${crypto.randomUUID()})`,
      ),
    housekeeping: () => ask(db`select public.run_housekeeping() as answer`),
    price: () =>
      as(platform, (session) =>
        session`
          select public.update_denomination(${brandId}, 25, cost => ${pick([22, 23.5])}::numeric, price => ${
          pick([24, 25, 26])
        }::numeric)`),
  } satisfies Record<string, () => Promise<Answer>>;
}
