import assert from 'node:assert/strict';
import times from '../../../../tests/fixtures/times.json' with { type: 'json' };
import { dayIn, dayOf, isUnclearDay, momentOf, showsOtherOrder } from './days.ts';
import { day, moment } from './fields.ts';

Deno.test('dayOf: YYYY-MM-DD, trimmed → the day; every other notation → null', () => {
  for (const [given, expected] of times.days) assert.equal(dayOf(given), expected, given);
  for (const given of times.notDays) assert.equal(dayOf(given), null, given);
});

Deno.test('momentOf: ISO 8601 with an offset, trimmed → the moment; every other notation → null', () => {
  for (const [given, expected] of times.moments) {
    assert.equal(new Date(momentOf(given)!).getTime(), new Date(expected).getTime(), given);
  }
  for (const given of times.notMoments) assert.equal(momentOf(given), null, given);
});

Deno.test('day, moment: a field → parsed by the same rule, refused with a message', () => {
  assert.equal(day.parse(' 2027-12-31 '), '2027-12-31');
  assert.equal(moment.parse(' 2027-12-31T18:00Z '), '2027-12-31T18:00Z');
  for (const given of [...times.notDays, 20271231, null]) {
    assert.equal(day.safeParse(given).error?.issues[0].message, 'must be a day such as 2027-12-31', String(given));
  }
  for (const given of [...times.notMoments, 1830211200, null]) {
    assert.match(moment.safeParse(given).error!.issues[0].message, /^must be a moment with its offset/, String(given));
  }
});

Deno.test('dayIn: the notation that a file names → the day', () => {
  assert.equal(dayIn('12/31/2027', 'MM/DD/YYYY'), '2027-12-31');
  assert.equal(dayIn(' 3/4/2027 ', 'MM/DD/YYYY'), '2027-03-04');
  assert.equal(dayIn('3/4/2027', 'DD/MM/YYYY'), '2027-04-03');
  assert.equal(dayIn('31.12.2030', 'DD.MM.YYYY'), '2030-12-31');
  assert.equal(dayIn('31-12-2030', 'DD-MM-YYYY'), '2030-12-31');
  assert.equal(dayIn('2030/12/31', 'YYYY/MM/DD'), '2030-12-31');
  assert.equal(dayIn('2027-12-31', 'YYYY-MM-DD'), '2027-12-31');
  const others = ['2027-12-31', '31/12/2027', '12.31.2027', '12/31/27', '02/30/2027', '12312027', 'Dec 31, 2027', ''];
  for (const other of others) assert.equal(dayIn(other, 'MM/DD/YYYY'), null, other);
});

Deno.test('showsOtherOrder: a month above 12, and a day up to 12 → true', () => {
  assert.equal(showsOtherOrder('31/12/2027', 'MM/DD/YYYY'), true);
  assert.equal(showsOtherOrder('12/31/2027', 'DD/MM/YYYY'), true);
  for (const given of ['12/31/2027', '03/04/2027', '31.12.2027', '31/31/2027', '31/00/2027']) {
    assert.equal(showsOtherOrder(given, 'MM/DD/YYYY'), false, given);
  }
});

Deno.test('isUnclearDay: two numbers up to 12 and a year → true', () => {
  for (const given of ['31/12/2027', '03/04/2027', '31.12.2030', '12-31-2027', '1/5/27']) {
    assert.ok(isUnclearDay(given));
  }
  for (const given of ['2027-12-31', '2027-1-5', 'soon', '12/31', '2027/12/31', '1/5.2027', '']) {
    assert.ok(!isUnclearDay(given), given);
  }
});
