import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { promise, type Promised, type Recipient } from '../support/promise.ts';

/** What the database hands a worker to do. */
interface Step {
  purchaseId: string;
  leaseToken: string;
  action: 'issue' | 'reverse';
  supplier: string;
  clientRequestId: string;
}

/** Suppliers as Tillo is: an id gets one card, the same again each time, until it is reversed. */
class Counter {
  readonly #sold = new Map<string, boolean>();

  sell({ clientRequestId }: Step): void {
    if (!this.#sold.has(clientRequestId)) this.#sold.set(clientRequestId, true);
  }

  has({ clientRequestId }: Step): boolean {
    return this.#sold.get(clientRequestId) ?? false;
  }

  reverse(step: Step): 'reversed' | 'not_found' {
    if (!this.has(step)) return 'not_found';
    this.#sold.set(step.clientRequestId, false);
    return 'reversed';
  }

  /** The ids of the cards that are sold and not reversed. */
  cards(): string[] {
    return [...this.#sold].flatMap(([id, isSold]) => (isSold ? [id] : [])).sort();
  }
}

// Known to the database and to no function, so that no job works on these purchases.
const SUPPLIERS = [1, 2].map((number) => `late_${number}_${crypto.randomUUID().replaceAll('-', '')}`);

/** How the second asker is answered while the card is not there, and how the first one ends who waits for it. */
const SECOND_ANSWERS = ['issued', 'declined', 'short', 'unknown'] as const;
const FIRST_ENDS = ['issued', 'unknown', 'dies'] as const;

/** The second asker's rounds: it asks, then reverses if it must, then does so again. */
const ROUNDS = 4;

type Case = [answer: typeof SECOND_ANSWERS[number], end: typeof FIRST_ENDS[number], soldAt: number, reportedAt: number];

/** Every order in which the first one's card is made and reported between the rounds of the second asker. */
function cases(): Case[] {
  const all: Case[] = [];
  for (const answer of SECOND_ANSWERS) {
    for (const end of FIRST_ENDS) {
      for (let soldAt = 0; soldAt <= ROUNDS; soldAt++) {
        for (let reportedAt = soldAt; reportedAt <= ROUNDS; reportedAt++) {
          // Who dies reports nothing, so that no more than the minute before a reversal tells that the card is made by then.
          if (end !== 'dies' || (soldAt <= 1 && reportedAt === ROUNDS)) all.push([answer, end, soldAt, reportedAt]);
        }
      }
    }
  }
  return all;
}

async function onSale(brandId: string): Promise<void> {
  for (const [index, name] of SUPPLIERS.entries()) {
    await sql`
      with supplier as (
        insert into public.gift_card_suppliers (name, priority, requests_per_minute)
        values (${name}, ${index + 1}, 1000000) returning id)
      insert into public.supplier_brands (supplier_id, brand_id, brand_code) select id, ${brandId}, 'brand' from supplier`;
  }
}

async function goToBuy({ campaignId }: Promised, { id }: Recipient): Promise<Step> {
  await sql`update public.gift_card_suppliers set failures = 0, paused_until = null where name = any (${SUPPLIERS}::text[])`;
  const [{ answer }] = await sql`
    select public.provision_gift_card(${campaignId}, ${id}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, null, null)::public.request, ${SUPPLIERS}::text[]) as answer`;
  return answer.result.purchase;
}

/** Reports an outcome; returns the next step if there is one. */
async function report(step: Step, outcome: string): Promise<Step | undefined> {
  const bytes = crypto.getRandomValues(new Uint8Array(44));
  const card = outcome === 'issued'
    ? {
      code: btoa(String.fromCharCode(...bytes)),
      fingerprint: step.clientRequestId.replaceAll('-', '').repeat(2),
      last4: '4711',
      keyId: 'test',
    }
    : null;
  const [{ answer }] = await sql`
    select public.complete_supplier_purchase(${step.purchaseId}, ${step.leaseToken}, ${outcome}, ${
    card && sql.json(card)
  }) as answer`;
  return answer.result?.purchase;
}

/** Makes the purchase due: the minute has passed and the lease of the hanging worker has lapsed. */
async function lease(campaignId: string): Promise<Step[]> {
  await sql`
    update public.gift_card_purchases
    set next_attempt_at = now(), leased_until = case when leased_until is not null then now() - interval '1 second' end
    where campaign_id = ${campaignId} and ended_at is null`;
  const [{ answer }] = await sql`select public.lease_supplier_purchases(10, ${SUPPLIERS}::text[]) as answer`;
  return answer.result.purchases;
}

/** One round of the second asker with everything that is open. */
async function round(campaignId: string, counter: Counter, answer: Case[0]): Promise<void> {
  const steps = await lease(campaignId);
  for (let step = steps.shift(); step; step = steps.shift()) {
    let outcome: string = answer;
    if (step.action === 'reverse') outcome = counter.reverse(step);
    else if (counter.has(step)) outcome = 'issued';
    // The second supplier has the card.
    else if (answer === 'issued' || step.supplier === SUPPLIERS[1]) {
      counter.sell(step);
      outcome = 'issued';
    }
    const next = await report(step, outcome);
    if (next) steps.push(next);
  }
}

async function booked(recipientId: string): Promise<string[]> {
  const purchases = await sql`
    select p.client_request_id as id from public.gift_card_purchases p
    join public.gift_cards c on c.id = p.gift_card_id and c.recipient_id = p.recipient_id
    where p.recipient_id = ${recipientId} and p.status = 'issued'`;
  return purchases.map(({ id }) => id);
}

Deno.test('supplier purchases: a late answer of the first worker → the recorded card is the one sold', async () => {
  const all = cases();
  const promised = await promise({ cards: 0, recipients: all.length });
  const { campaignId, brandId, recipients } = promised;
  await onSale(brandId);
  // These cards are fake, so none may be sent.
  await sql`update public.campaign_recipients set phone = null, email = null where campaign_id = ${campaignId}`;
  let takenBack = 0;
  for (const [index, [answer, end, soldAt, reportedAt]] of all.entries()) {
    const counter = new Counter();
    const first = await goToBuy(promised, recipients[index]);
    const perhaps = async (number: number) => {
      if (number === soldAt) counter.sell(first);
      if (number === reportedAt && end !== 'dies') await report(first, end);
    };
    for (let number = 0; number < ROUNDS; number++) {
      await perhaps(number);
      await round(campaignId, counter, answer);
    }
    await perhaps(ROUNDS);
    const open = () =>
      sql`select from public.gift_card_purchases where campaign_id = ${campaignId} and ended_at is null`;
    for (let rounds = 0; (await open()).length > 0; rounds++) {
      assert.ok(rounds < 5, 'it comes to an end');
      await round(campaignId, counter, 'issued');
    }
    const told = `${answer}, ${end}, sold before round ${soldAt}, reported before round ${reportedAt}`;
    assert.deepEqual(counter.cards(), await booked(recipients[index].id), told);
    assert.equal(counter.cards().length, 1, told);
    takenBack += Number(!counter.has(first));
  }
  console.log(
    `late cards: ${all.length} orders of events, in ${takenBack} the first card was taken back or never made`,
  );
  const [{ bills }] = await sql`
    select count(*) as bills from public.billing_transactions where campaign_id = ${campaignId}`;
  assert.equal(bills, all.length);
});
