/** Checks a deployment: about a dozen calls from outside, each with its expected answer. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { supabase } from '../../stack/migrate.mjs';
import { Skipped } from '../testing/tally.mjs';
import { openTenant } from './tenant.mjs';

const FORGED = '198.51.100.66';
const ADDRESS_HEADERS = ['cf-connecting-ip', 'true-client-ip', 'x-real-ip', 'x-envoy-external-address', 'forwarded'];

/** Runs all checks and prints a line for each; a skipped check prints its reason. `tally` counts failures. */
export async function smoke({ url, key, publishable, dbUrl, jobsToken, twilioToken }, tally) {
  const base = url.replace(/\/+$/, '');
  const isLocal = /^(127\.|localhost$|\[::1\])/.test(new URL(base).hostname);
  const call = caller(base, key);
  const need = (value, option) => {
    if (!value) throw new Skipped(`give ${option}`);
    return value;
  };
  const tenant = dbUrl && publishable ? await openTenant({ base, key, publishable, dbUrl }) : null;
  const inTenant = () => need(tenant, '--publishable and --db-url: it is tried with a client of its own');
  const check = (name, work) => tally.gate(name, work);

  await check('preflight: a page of another origin may send idempotency-key', async () => {
    const response = await fetch(`${base}/functions/v1/redeem-gift-card`, {
      method: 'OPTIONS',
      headers: {
        'origin': 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'apikey, content-type, idempotency-key',
      },
    });
    const allowed = response.headers.get('access-control-allow-headers') ?? '';
    return response.ok && /idempotency-key/i.test(allowed) ? '' : `${response.status}, allowed: ${allowed}`;
  });

  await check('secret key: check-request answers', async () => {
    const { status, body } = await call('check-request', { show: 'addresses' });
    if (status !== 200 || !body.ip) return problem(status, body);
    return body.ip === 'unknown'
      ? 'The address of the caller is unknown: see CLIENT_IP_HEADER in docs/deploying.md'
      : '';
  });

  await check('secret key beside a token that a gateway put there: the key counts', async () => {
    const token = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: 'gateway', role: 'service_role' })}.AAAA`;
    const { status, body } = await call('provision-gift-card-unified', {}, {
      headers: { authorization: `Bearer ${token}` },
    });
    return expect(status, body, 400, 'GC-012');
  });

  await check('publishable key: an unknown redemption code → GC-011', async () => {
    const { status, body } = await wrongCode(call, need(publishable, '--publishable'), uniqueAddress());
    return body.error?.code === 'RB-429'
      ? 'This address has used up its wrong guesses: wait ten minutes'
      : expect(status, body, 404, 'GC-011');
  });

  await check('user: a customer who signed in has a wallet', async () => {
    const { customer } = inTenant();
    const { status, body } = await call('get-wallet', {}, { key: publishable, token: customer.token });
    return expect(status, body, 200);
  });

  await check('trigger: JOBS_TOKEN → 202, another token → 401', async () => {
    const trigger = (token) =>
      call('jobs', { job: 'release-holds' }, { key: null, headers: { 'x-jobs-token': token } });
    const right = await trigger(need(jobsToken, '--jobs-token'));
    const wrong = await trigger('x'.repeat(43));
    return expect(right.status, right.body, 202) || expect(wrong.status, wrong.body, 401, 'RB-401');
  });

  await check('forged addresses: no header of the caller changes the address that is seen', async () => {
    const seen = (headers) => call('check-request', { show: 'addresses' }, { headers });
    const { body: { ip } } = await seen({});
    if (!ip || ip === 'unknown') return 'No address is seen';
    for (const name of isLocal ? ADDRESS_HEADERS : [...ADDRESS_HEADERS, 'x-forwarded-for']) {
      const { status, body } = await seen({ [name]: name === 'forwarded' ? `for=${FORGED}` : FORGED });
      // Cloudflare refuses a call that brings its own header along
      if (status === 403 && !body.error) continue;
      if (body.ip !== ip) return `${name} changes it from ${ip}: ${problem(status, body)}`;
    }
    if (isLocal) console.log('    x-forwarded-for is not forged: the local gateway lets a test say its address');
    return '';
  });

  await check('21 wrong codes: one address is limited, another is not', async () => {
    need(publishable, '--publishable');
    const [one, other] = [uniqueAddress(), uniqueAddress()];
    let last;
    for (let guess = 0; guess < 21; guess++) last = await wrongCode(call, publishable, one);
    const limited = expect(last.status, last.body, 429, 'RB-429');
    const { status, body } = await wrongCode(call, publishable, other);
    // All calls from one machine have one address, also with forged headers: a forged address must not get its own bucket.
    if (limited || !isLocal) return limited || expect(status, body, 429, 'RB-429');
    return expect(status, body, 404, 'GC-011');
  });

  await check('an upload of 10,000 cards: all are stocked', async () => {
    const { poolId } = inTenant();
    const rows = Array.from({ length: 10_000 }, () => `S-${randomBytes(10).toString('hex').toUpperCase()}`);
    const { status, body } = await call(`upload-gift-cards?poolId=${poolId}`, `code\n${rows.join('\n')}\n`, {
      type: 'text/csv',
    });
    return expect(status, body, 200) || (body.imported === 10_000 ? '' : `${body.imported} were stocked`);
  });

  await check('a file of recipients: each is imported with a code', async () => {
    const { campaignId } = inTenant();
    const { status, body } = await call(
      `import-recipients?campaignId=${campaignId}`,
      'first name,email\nAda,ada@smoke.example\n',
      {
        type: 'text/csv',
      },
    );
    return expect(status, body, 200) || (body.rows[0].redemptionCode ? '' : 'there is no code');
  });

  await check('100,000 codes: one call makes them, and its answer has them all', async () => {
    const { clientId, admin } = inTenant();
    const response = await fetch(`${base}/rest/v1/rpc/create_vouchers`, {
      method: 'POST',
      headers: { 'apikey': publishable, 'authorization': `Bearer ${admin.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: clientId, how_many: 100_000, voucher: { type: 'credit', value: 1 } }),
    });
    const body = await response.json();
    return response.ok && new Set(body.codes).size === 100_000
      ? ''
      : problem(response.status, { ...body, codes: body.codes?.length });
  });

  await check("Twilio's signature over the public address: genuine → 204, another → RB-403", async () => {
    const fields = { MessageSid: `SM${randomBytes(16).toString('hex')}`, MessageStatus: 'delivered' };
    const token = need(twilioToken, '--twilio-token');
    const told = (signed) =>
      call('twilio-status', new URLSearchParams(fields), { key: null, headers: { 'x-twilio-signature': signed } });
    const address = `${base}/functions/v1/twilio-status`;
    const [genuine, forged] = [
      await told(signature(token, address, fields)),
      await told(signature('x', address, fields)),
    ];
    return expect(genuine.status, genuine.body, 204) || expect(forged.status, forged.body, 403, 'RB-403');
  });

  await check('the clock: pg_cron runs, and pg_net brought no failed trigger', async () => {
    const problems = await inTenant().clockProblems();
    if (problems === null) throw new Skipped('pg_cron and pg_net are not here, or schedule_jobs was not called');
    return problems.join('\n');
  });

  await check('the advisors report nothing', async () => {
    const { code, output } = await supabase(['db', 'advisors', '--fail-on', 'warn'], need(dbUrl, '--db-url'));
    return code === 0 ? '' : output;
  });

  await tenant?.close();
}

function caller(base, secretKey) {
  return async (name, body, { key = secretKey, token, type, headers = {} } = {}) => {
    const isJson = typeof body !== 'string' && !(body instanceof URLSearchParams);
    const response = await fetch(`${base}/functions/v1/${name}`, {
      method: 'POST',
      headers: {
        ...(key ? { apikey: key } : {}),
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(isJson ? { 'content-type': 'application/json' } : type ? { 'content-type': type } : {}),
        ...headers,
      },
      body: isJson ? JSON.stringify(body) : body,
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text) };
  };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { text: text.slice(0, 300) };
  }
}

function wrongCode(call, publishable, address) {
  const redemptionCode = randomUUID().slice(0, 18).replaceAll('-', '');
  return call('redeem-gift-card', { redemptionCode, deliveryMethod: 'none' }, {
    key: publishable,
    headers: { 'x-forwarded-for': address },
  });
}

// From 198.18.0.0/15, which is reserved for tests (RFC 2544): no real caller has such an address.
const uniqueAddress = () => `198.18.${randomBytes(1)[0]}.${randomBytes(1)[0]}`;

function expect(status, body, wanted, code) {
  return status === wanted && body?.error?.code === code
    ? ''
    : `Expected ${wanted} ${code ?? ''}: ${problem(status, body)}`;
}

const problem = (status, body) => `${status} ${JSON.stringify(body).slice(0, 500)}`;

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signature(token, address, fields) {
  const signed = address + Object.keys(fields).sort().map((name) => name + fields[name]).join('');
  return createHmac('sha1', token).update(signed).digest('base64');
}
