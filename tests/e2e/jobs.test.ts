import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { call } from '../support/http.ts';
import { stack } from '../support/stack.ts';

/** Triggers a job and returns the summary of its round, which is one line of the log. */
async function roundOf(job: string, settled = true): Promise<Record<string, unknown>> {
  const headers = { 'x-jobs-token': stack.jobsToken, ...(settled ? { 'x-local-settled': 'yes' } : {}) };
  const { status, body } = await call('jobs', { job }, { key: null, headers });
  assert.deepEqual([status, body.job], [202, job]);
  return await eventually(`the round ${body.requestId} is summed up`, async () => {
    const lines = (await Deno.readTextFile(stack.logFile)).split('\n');
    const summaries = lines.filter((line) => /"\[JOBS\] (Round|Failed)"/.test(line) && line.includes(body.requestId));
    assert.ok(summaries.length <= 1, 'a round is summed up once');
    return summaries.length === 1 && JSON.parse(summaries[0].slice(summaries[0].indexOf('{')));
  });
}

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
  Deno.test(`jobs: ${name}, also twice at once → its counts`, async () => {
    for (const summary of await Promise.all([roundOf(name), roundOf(name)])) {
      assert.equal(summary.message, '[JOBS] Round');
      assert.deepEqual(counts.filter((count) => summary[count] === undefined), []);
    }
  });
}

Deno.test('jobs: an expired hold and lot → released and expired by the jobs', async () => {
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

Deno.test('jobs: a round that has to wait → 202 at once, and the round goes on afterwards', async () => {
  const session = await sql.reserve();
  let triggered;
  try {
    await session`begin`;
    // expire_packages wants to write, and waits for this lock
    await session`lock table public.customer_packages in access exclusive mode`;
    triggered = await call('jobs', { job: 'expire' }, { key: stack.jobsKey });
    assert.equal(triggered.status, 202);
    assert.ok(!(await Deno.readTextFile(stack.logFile)).includes(triggered.body.requestId), 'the round still runs');
  } finally {
    await session`rollback`;
    session.release();
  }
  const { requestId } = triggered.body;
  await eventually('the round ends', async () => (await Deno.readTextFile(stack.logFile)).includes(requestId));
});

for (
  const [name, headers, code] of [
    ['the token', { 'x-jobs-token': stack.jobsToken }, undefined],
    ['the named key jobs', { apikey: stack.jobsKey }, undefined],
    ['another token', { 'x-jobs-token': `${stack.jobsToken}x` }, 'RB-401'],
    ['another token beside the named key', { 'x-jobs-token': 'x', 'apikey': stack.jobsKey }, 'RB-401'],
    ['the token as an API key', { apikey: stack.jobsToken }, 'RB-401'],
    ['the default secret key', { apikey: stack.secretKey }, 'RB-401'],
    ['nothing', {}, 'RB-401'],
  ] as [string, Record<string, string>, string | undefined][]
) {
  Deno.test(`jobs: called with ${name} → ${code ?? 202}`, async () => {
    const { status, body } = await call('jobs', { job: 'release-holds' }, { key: null, headers });
    assert.deepEqual([body.error?.code, status === 202], [code, code === undefined]);
  });
}

Deno.test('jobs: the token opens no other function and no table → RB-401 and 401', async () => {
  const { jobsToken } = stack;
  const headers = { 'x-jobs-token': jobsToken, 'authorization': `Bearer ${jobsToken}` };
  for (const name of ['get-wallet', 'provision-gift-card-unified', 'export-report']) {
    for (const key of [null, jobsToken]) {
      assert.equal((await call(name, {}, { key, headers })).body.error.code, 'RB-401', name);
    }
  }
  const rest = await fetch(`${stack.apiUrl}/rest/v1/rpc/record_job_round`, {
    method: 'POST',
    headers: { 'apikey': jobsToken, 'authorization': `Bearer ${jobsToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ job: 'expire', succeeded: true }),
  });
  await rest.body?.cancel();
  assert.equal(rest.status, 401);
});
