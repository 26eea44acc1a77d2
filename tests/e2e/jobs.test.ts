import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { call } from '../support/http.ts';
import { stack } from '../support/stack.ts';

const job = (name: string) => call('jobs', { job: name }, { key: stack.jobsKey });

for (
  const [name, counts] of Object.entries({
    'deliveries': ['lookedUp', 'sent'],
    'reconcile-purchases': ['bought', 'open'],
    'pending-rewards': ['fulfilled', 'bought', 'open'],
    'webhooks': ['delivered', 'failed', 'gone'],
    'housekeeping': ['folded', 'linked', 'purged'],
    'release-holds': ['released'],
    'reconcile-payments': ['checked', 'settled', 'refunds'],
    'expire': ['expired', 'packages', 'dated', 'poolsRecounted', 'expiredInStock', 'expiredDelivered'],
    'stuck-cards': ['released', 'stuck'],
  })
) {
  Deno.test(`jobs: ${name} tells how much there was to do, also when it runs twice at once`, async () => {
    for (const { status, body } of await Promise.all([job(name), job(name)])) {
      assert.equal(status, 200);
      assert.deepEqual(counts.filter((count) => body[count] === undefined), []);
    }
  });
}

Deno.test('jobs: what a customer holds past its time, or lets expire, is settled without anybody asking', async () => {
  const [{ agency }] = await sql`
    insert into public.agencies (name, slug) values ('Agency', ${`agency-${crypto.randomUUID()}`}) returning id as agency`;
  const [{ client }] = await sql`
    insert into public.clients (agency_id, name, slug)
    values (${agency}, 'Client', ${`client-${crypto.randomUUID()}`}) returning id as client`;
  const [{ account }] = await sql`
    select private.ledger_account(${client}, 'user', gen_random_uuid(), 'bizcoin') as account`;
  const topUp = (amount: number, expiresAt: Date | null) =>
    sql`select private.post_transfer(${client}, 'topup', private.system_account(${client}, 'issuance', 'bizcoin'),
      ${account}, ${amount}, gen_random_uuid()::text, null, null, ${expiresAt})`;
  await topUp(60, null);
  await topUp(40, new Date(Date.now() + 3_600_000));
  await sql`select private.reserve_hold(${account}, 10, now() + interval '1 hour', gen_random_uuid()::text)`;
  const wallet = async () => {
    const [row] = await sql`select balance, held from public.ledger_accounts where id = ${account}`;
    return row;
  };
  assert.deepEqual({ ...await wallet() }, { balance: 100, held: 10 });
  // The hour passes.
  await sql`update public.ledger_holds set expires_at = now() where account_id = ${account}`;
  await sql`update public.ledger_lots set expires_at = now() where account_id = ${account} and expires_at is not null`;
  await eventually('the hold is given back and the lot is breakage', async () => {
    const { balance, held } = await wallet();
    return balance === 60 && held === 0;
  });
  assert.deepEqual([...await sql`select * from private.ledger_imbalances`], []);
});
