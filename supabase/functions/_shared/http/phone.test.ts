import assert from 'node:assert/strict';
import { smsObstacle, smsPhone } from './phone.ts';

Deno.test('smsObstacle: ordinary mobile and fixed-line numbers → none', () => {
  for (const number of ['+12025550141', '+16135550123', '+447400123456', '+4915112345678', '+18005550123']) {
    assert.equal(smsObstacle(number), null, number);
  }
});

Deno.test('smsObstacle: premium-rate, personal and satellite numbers → named', () => {
  assert.equal(smsObstacle('+19005550123'), 'is a premium-rate number');
  assert.equal(smsObstacle('+449098790000'), 'is a premium-rate number');
  assert.equal(smsObstacle('+447012345678'), 'is a personal number');
  assert.equal(smsObstacle('+881612345678'), 'is a satellite or global network number');
  assert.equal(smsObstacle('+870773111632'), 'is a satellite or global network number');
});

Deno.test('smsPhone: premium-rate number in any notation → refused with the reason', () => {
  const parsed = smsPhone.safeParse('(900) 555-0123');
  assert.equal(parsed.success, false);
  assert.match(parsed.error!.issues[0].message, /premium-rate.*no SMS/);
  assert.equal(smsPhone.parse('(202) 555-0141'), '+12025550141');
});
