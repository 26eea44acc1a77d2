import assert from 'node:assert/strict';
import { assertRefused } from '../../support/expect.ts';
import { call } from '../../support/http.ts';
import { stack } from '../../support/stack.ts';

Deno.test('check-request: the secret key → the address that limits see, and what each proxy header said', async () => {
  const headers = { 'cf-connecting-ip': '6.6.6.6', 'x-real-ip': '6.6.6.6', 'cookie': 'a=b' };
  const { status, body } = await call('check-request', { show: 'addresses' }, { ip: '6.6.6.6, 203.0.113.7', headers });
  assert.equal(status, 200);
  assert.deepEqual([body.ip, body.clientIpHeader], ['203.0.113.7', null]);
  assert.deepEqual(body.headers, {
    'cf-connecting-ip': '6.6.6.6',
    'true-client-ip': null,
    'x-real-ip': '6.6.6.6',
    'x-forwarded-for': '6.6.6.6, 203.0.113.7',
    'x-envoy-external-address': null,
    'forwarded': null,
  });
});

Deno.test('check-request: another key → RB-401', async () => {
  for (const key of [null, stack.publishableKey, stack.jobsKey]) {
    assertRefused(await call('check-request', { show: 'addresses' }, { key }), 'RB-401');
  }
});
