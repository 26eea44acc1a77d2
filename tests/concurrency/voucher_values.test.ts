import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { request } from '../support/request.ts';
import { withSessions } from '../support/sessions.ts';
import { addClient, addPackage } from '../support/shop.ts';
import { addVoucher, signUpCustomer, type Terms } from '../support/vouchers.ts';
import { uniqueIp } from '../support/unique.ts';

const UNITS = [1, 999, 1_000, 100_000, 1_000_000_000];
const SHARES = [0.01, 12.34, 100];

// The planner knows the arguments of a custom plan and computes with them before it runs: on a new connection, and now and then later.
for (const mode of ['auto', 'force_custom_plan', 'force_generic_plan']) {
  Deno.test(`redeem_voucher: values of all sizes and types on a new connection (${mode}) → given`, async () => {
    const clientId = await addClient();
    const packageId = await addPackage(clientId);
    const wishes: Terms[] = [
      ...UNITS.map((value) => ({ type: 'credit' as const, value })),
      ...SHARES.map((value) => ({ type: 'percentage' as const, value })),
      { type: 'package', package_id: packageId },
      ...UNITS.map((value) => ({ type: 'message' as const, value })),
    ];
    const customer = await signUpCustomer(clientId);
    for (const wish of wishes) {
      const { id, code } = await addVoucher(clientId, wish);
      await withSessions(1, async ([session]) => {
        await session`select set_config('plan_cache_mode', ${mode}, false)`;
        const [{ answer }] = await session`
          select public.redeem_voucher(${code}, null, null, ${
          request({ actor: customer.id, ip: uniqueIp() })
        }) as answer`;
        assert.equal(answer.outcome, 'ok', `${wish.type} ${wish.value}: ${JSON.stringify(answer)}`);
      });
      const [usage] = await sql`select benefit from public.voucher_usage where voucher_id = ${id}`;
      assert.equal(Number(usage.benefit), wish.value ?? 1, `${wish.type} ${wish.value}`);
    }
    const balances = await sql`
      select asset, available::text from public.wallet_balances where user_id = ${customer.id} order by asset`;
    const units = UNITS.reduce((sum, value) => sum + value, 0);
    assert.deepEqual(balances.map(({ asset, available }) => [asset, Number(available)]), [
      ['bizcoin', units],
      ['messages', units + 100],
    ]);
  });
}
