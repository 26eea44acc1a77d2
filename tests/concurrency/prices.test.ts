import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { signUpAs } from '../support/people.ts';
import { promise } from '../support/promise.ts';
import { creditOf, giveCredit } from '../support/sales.ts';
import { atOnce } from '../support/sessions.ts';

const CLAIMS = 48;
const WORKERS = 8;
const PRICES = [24, 26];

Deno.test('prices: two admins change prices during claims → each card billed and charged at one of them', async () => {
  const { clientId, brandId, campaignId, recipients } = await promise({ cards: CLAIMS, recipients: CLAIMS });
  await giveCredit(clientId, 2000);
  const admins = await Promise.all(PRICES.map(() => signUpAs('platform_admin')));
  const value = { brand_id: brandId, denomination: 25 };
  const set = async (index: number) => {
    const { error } = await admins[index].client.rpc('update_denomination', { ...value, price: PRICES[index] });
    assert.equal(error, null);
  };
  await set(0);

  const waiting = [...recipients];
  let isDone = false;
  const changes = admins.map(async (_, index) => {
    while (!isDone) await set(index);
  });
  await atOnce(WORKERS, async (db) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [{ answer }] = await db`
        select public.provision_gift_card(${campaignId}, ${next.id}, null, null, 1, null, null,
          row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
      assert.equal(answer.outcome, 'ok', JSON.stringify(answer));
    }
  }).finally(() => isDone = true);
  await Promise.all(changes);

  const bills = await sql`select price, cost_basis from public.billing_transactions where campaign_id = ${campaignId}`;
  assert.equal(bills.length, CLAIMS);
  assert.deepEqual(bills.filter(({ price }) => !PRICES.includes(price)), []);
  assert.equal(await creditOf(clientId), 2000 - bills.reduce((sum, { price }) => sum + price, 0));
  assert.deepEqual([...await sql`select * from private.bills_off_the_ledger`], []);
  // neither of the two has lost what the other one did not name
  const [{ cost, is_enabled: isEnabled }] = await sql`
    select cost, is_enabled from public.brand_denominations where brand_id = ${brandId}`;
  assert.deepEqual([cost, isEnabled], [23.5, true]);
});
