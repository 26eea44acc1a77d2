import assert from 'node:assert/strict';
import times from '../../fixtures/times.json' with { type: 'json' };
import { sql } from '../../support/database.ts';

/** What the database makes of each text: its own notation, or the code with which it refuses. */
function parsed(parser: 'parse_day' | 'parse_moment', texts: string[]): Promise<(string | null)[]> {
  return Promise.all(texts.map(async (text) => {
    const as = parser === 'parse_day' ? 'YYYY-MM-DD' : 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
    try {
      const rows = parser === 'parse_day'
        ? await sql`select to_char(private.parse_day(${text}, 'at'), ${as}) as at`
        : await sql`select to_char(private.parse_moment(${text}, 'at') at time zone 'UTC', ${as}) as at`;
      return rows[0].at;
    } catch (error) {
      return (error as { code: string }).code;
    }
  }));
}

Deno.test('parse_day: the fixtures of days → the same answers as at the edge', async () => {
  const given = times.days.map(([text]) => text);
  assert.deepEqual(await parsed('parse_day', given), times.days.map(([, day]) => day));
  const refused = await parsed('parse_day', times.notDays);
  refused.forEach((code, n) => assert.equal(code, 'RB400', times.notDays[n]));
});

Deno.test('parse_moment: the fixtures of moments → the same answers as at the edge', async () => {
  const given = times.moments.map(([text]) => text);
  assert.deepEqual(await parsed('parse_moment', given), times.moments.map(([, moment]) => moment));
  const refused = await parsed('parse_moment', times.notMoments);
  refused.forEach((code, n) => assert.equal(code, 'RB400', times.notMoments[n]));
});
