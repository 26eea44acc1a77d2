import assert from 'node:assert/strict';
import { connect } from '../../support/database.ts';
import { promise } from '../../support/promise.ts';
import { symbols, uniqueIp } from '../../support/unique.ts';

const PAIRS = 150;
const TOLERANCE = 0.25;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

Deno.test('redeem_gift_card: an unknown code and one of another campaign cost the same time', async () => {
  const [mine, foreign] = [await promise({ cards: 0 }), await promise({ cards: 0, recipients: PAIRS })];
  const connection = connect(undefined, 1);
  const time = async (code: string) => {
    const startedAt = performance.now();
    const [{ answer }] = await connection`
      select public.redeem_gift_card(${code}, ${mine.campaignId}, null, null, null, ${uniqueIp()},
        gen_random_uuid(), null, null) as answer`;
    assert.equal(answer.code, 'GC-011');
    return performance.now() - startedAt;
  };
  const times: Record<'unknown' | 'foreign', number[]> = { unknown: [], foreign: [] };
  // In turn, so that what else goes on in the machine falls on both alike.
  for (const { token } of foreign.recipients) {
    times.unknown.push(await time(symbols(12)));
    times.foreign.push(await time(token));
  }
  await connection.end();
  const [unknown, known] = [median(times.unknown), median(times.foreign)];
  console.log(`GC-011 takes ${unknown.toFixed(2)} ms for an unknown code, ${known.toFixed(2)} ms for a foreign one`);
  assert.ok(Math.abs(unknown - known) / unknown < TOLERANCE, `${unknown} ms, ${known} ms`);
});
