/** A client of its own with an admin, a customer and an empty pool, for the checks that write. */
import { randomUUID } from 'node:crypto';
import postgres from 'postgres';

/** Makes the tenant. `close` archives it: records are kept for good, so its rows stay, switched off. */
export async function openTenant({ base, key, publishable, dbUrl }) {
  const sql = postgres(dbUrl, { max: 1, onnotice() {} });
  const name = `smoke-test-${randomUUID()}`;
  const users = [];
  const signUp = async (role, clientId) => {
    const user = await createUser(base, key, publishable, `${role}-${name}@example.com`);
    users.push(user);
    await sql`insert into public.memberships (user_id, role, client_id) values (${user.id}, ${role}, ${clientId})`;
    return user;
  };
  const [{ clientId, agencyId, brandId, poolId, campaignId }] = await sql`
    with agency as (insert into public.agencies (name, slug) values ('Smoke test', ${name}) returning id),
    client as (
      insert into public.clients (agency_id, name, slug) select id, 'Smoke test', ${name} from agency returning id, agency_id),
    brand as (
      insert into public.gift_card_brands (name, code_format) values (${name}, '^S-[0-9A-F]{20}$') returning id),
    denomination as (insert into public.brand_denominations (brand_id, denomination, cost) select id, 25, 25 from brand),
    campaign as (insert into public.campaigns (client_id, campaign_name) select id, 'Smoke test' from client returning id),
    pool as (
      insert into public.card_pools (client_id, brand_id, pool_name, denomination, stock_owner, cost_per_card)
      select client.id, brand.id, 'Smoke test', 25, 'client', 0 from client, brand returning id)
    select client.id as "clientId", client.agency_id as "agencyId", brand.id as "brandId", pool.id as "poolId",
      campaign.id as "campaignId"
    from client, brand, pool, campaign`;
  return {
    clientId,
    poolId,
    campaignId,
    admin: await signUp('client_admin', clientId),
    customer: await signUp('customer', clientId),
    clockProblems: () => clockProblems(sql),
    async close() {
      await sql`update public.card_pools set is_active = false where id = ${poolId}`;
      await sql`update public.gift_card_brands set is_enabled = false where id = ${brandId}`;
      await sql`update public.clients set is_active = false where id = ${clientId}`;
      await sql`update public.agencies set is_active = false where id = ${agencyId}`;
      for (const { id } of users) {
        await sql`update public.memberships set suspended_at = now() where user_id = ${id}`;
      }
      await sql.end({ timeout: 2 });
    },
  };
}

/** Signs a user up and in, as an app does. */
async function createUser(base, key, publishable, email) {
  const password = randomUUID();
  const post = async (path, apikey, body) => {
    const response = await fetch(`${base}/auth/v1/${path}`, {
      method: 'POST',
      headers: { 'apikey': apikey, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  };
  const { id } = await post('admin/users', key, { email, password, email_confirm: true });
  const { access_token: token } = await post('token?grant_type=password', publishable, { email, password });
  return { id, token };
}

/** What is wrong with the schedules, or null where there are none. */
async function clockProblems(sql) {
  const [{ cron }] =
    await sql`select to_regclass('cron.job') is not null and to_regclass('net._http_response') is not null as cron`;
  if (!cron) return null;
  const [{ jobs }] = await sql`select count(*)::int as jobs from cron.job where jobname like 'rewardbase-%' and active`;
  if (jobs === 0) return null;
  const [{ runs, failed }] = await sql`
    select count(*)::int as runs, max(d.return_message) filter (where d.status = 'failed') as failed
    from cron.job_run_details d join cron.job j using (jobid)
    where j.jobname like 'rewardbase-%' and d.start_time > now() - interval '5 minutes'`;
  const alerts = await sql`
    select message, metadata from public.system_alerts
    where alert_type in ('job_trigger_failed', 'job_failed') and resolved_at is null`;
  return [
    ...(runs === 0 ? ['Nothing has run for five minutes'] : []),
    ...(failed ? [`A run failed: ${failed}`] : []),
    ...alerts.map(({ message, metadata }) => `${message}: ${JSON.stringify(metadata)}`),
  ];
}
