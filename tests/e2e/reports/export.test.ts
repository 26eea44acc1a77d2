import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import { REPORTS } from '../../../supabase/functions/export-report/reports.ts';
import { sql } from '../../support/database.ts';
import { assertRefused } from '../../support/expect.ts';
import { provision } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';

const PLATFORMS = ['profit_by_client', 'profit_by_agency', 'agency_profit', 'platform_analytics'];

/** A client whose admin reads reports and who has given one card. */
async function reported(how: Record<string, unknown> = {}) {
  const promised = await promise({ cards: 2 });
  assert.equal((await provision(promised, how)).status, 200);
  return { ...promised, admin: await signUpAs('client_admin', promised.clientId) };
}

const rowsOf = (csv: string): Record<string, string>[] => parse(csv, { columns: true });

Deno.test('export-report: a client admin → a file of the own client; another client → refused', async () => {
  const [{ clientId, admin }, other] = [await reported(), await reported()];
  const answer = await call('export-report', { report: 'pool_performance' }, { token: admin.token });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8');
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="pool_performance.csv"');
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.ok(answer.headers.get('x-request-id'));
  const [row, ...others] = rowsOf(answer.text);
  assert.deepEqual([row.client_id, others], [clientId, []]);
  assert.deepEqual([row.total_cards, row.delivered_cards, row.utilization_rate], ['2', '1', '0.5000']);
  assert.equal(row.total_cost, '', 'a cost is the platform’s business');
  assertRefused(
    await call('export-report', { report: 'pool_performance', clientId: other.clientId }, { token: admin.token }),
    'RB-404',
  );
});

Deno.test('export-report: every report → a file with the rows of the database', async () => {
  const { clientId, admin } = await reported({ deliveryMethod: 'sms' });
  for (const report of REPORTS) {
    const body = { report, clientId, from: '2020-01-01', to: '2999-01-01', format: 'csv' };
    const { status, text, headers } = await call('export-report', body);
    assert.equal(status, 200, text);
    const [{ rows }] = await sql`select count(*) as rows from ${sql(`report_${report}`)}(${clientId})`;
    assert.ok(rows > 0, report);
    assert.equal(rowsOf(text).length, rows, report);
    assert.match(headers.get('content-disposition')!, new RegExp(`"${report}_2020-01-01_2999-01-01.csv"`));
    const asAdmin = await call('export-report', body, { token: admin.token });
    if (PLATFORMS.includes(report)) assertRefused(asAdmin, 'RB-403');
    else assert.equal(asAdmin.status, 200, asAdmin.text);
  }
});

Deno.test("export-report: a range → half-open, in days of the client's time zone", async () => {
  // Noon in UTC is tomorrow in Kiritimati (UTC+14).
  const promised = await promise({ timeZone: 'Pacific/Kiritimati' });
  await provision(promised);
  await sql`
    update public.gift_cards set claimed_at = '2026-03-31 12:00Z', delivered_at = '2026-03-31 12:00Z'
    where pool_id = ${promised.poolId}`;
  const given = async (from: string, to: string) => {
    const { text } = await call('export-report', {
      report: 'brand_performance',
      clientId: promised.clientId,
      from,
      to,
    });
    return rowsOf(text).map(({ given_cards }) => given_cards);
  };
  assert.deepEqual(await given('2026-03-01', '2026-04-01'), []);
  assert.deepEqual(await given('2026-04-01', '2026-04-02'), ['1']);
  assert.deepEqual(await given('2026-04-02', '2026-05-01'), []);
});

Deno.test('export-report: hostile names → text, never formulas', async () => {
  const { clientId, campaignId } = await reported();
  const names = ['=HYPERLINK("http://x","y")', '+1', '-1+cmd|', '@SUM(A1)', '\t=1', '"quoted", and\r\nbroken', '=1,2'];
  for (const name of names) {
    await sql`update public.campaigns set campaign_name = ${name} where id = ${campaignId}`;
    const { text } = await call('export-report', { report: 'campaign_comparison', clientId });
    const [row, ...others] = rowsOf(text);
    assert.equal(others.length, 0);
    assert.ok(
      !/^[=+@\t\r-]/.test(row.campaign_name) && row.campaign_name.endsWith(name),
      JSON.stringify(row.campaign_name),
    );
  }
});

Deno.test('export-report: an unknown field or value → refused by name', async () => {
  const { admin } = await reported();
  const wrong = {
    report: 'everything',
    clientId: 'x',
    from: '2026-02-30',
    to: '0000-01-01',
    format: 'xlsx',
  };
  for (const [field, value] of Object.entries(wrong)) {
    const answer = await call('export-report', { report: 'liability', [field]: value }, { token: admin.token });
    assert.equal(assertRefused(answer, 'RB-400').fields[0].field, field);
  }
  assertRefused(await call('export-report', { report: 'liability' }, { key: null }), 'RB-401');
});

Deno.test('reports: admins with supabase-js → read them; others → refused', async () => {
  const { clientId, admin } = await reported();
  const { data, error } = await admin.client.rpc('report_brand_performance', { from_day: '2026-01-01', to_day: null });
  assert.equal(error, null);
  assert.deepEqual(data.map((row: { client_id: string; given_cards: number }) => [row.client_id, row.given_cards]), [[
    clientId,
    1,
  ]]);
  const agent = await signUpAs('call_agent', clientId);
  assert.equal((await agent.client.rpc('report_brand_performance', { client_id: clientId })).error?.code, 'RB403');
  const profit = await admin.client.rpc('report_profit_by_agency');
  assert.equal(profit.error?.code, 'RB403');
});
