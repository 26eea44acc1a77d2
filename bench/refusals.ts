/** A wrong code and another campaign's code: they must read the same, and take the same time. */
import { type Client, connect } from './measure.ts';

const rounds = 600;

/** Prints the median time of each refusal, asked in turns, and their ratio. */
export async function refusals(): Promise<void> {
  console.log(
    `\nA wrong code beside another campaign's (median of ${rounds} in turns; a guesser must not tell them apart)`,
  );
  const database = connect();
  const [{ mine, theirs }] = await database`select tests.create_promise() as mine, tests.create_promise() as theirs`;
  await database`select tests.create_recipients(${theirs.campaign}, ${rounds})`;
  const tokens = await database`
    select redemption_token, private.generate_code() as no_token from public.recipients
    where campaign_id = ${theirs.campaign}`;
  const wrong: number[] = [];
  const foreign: number[] = [];
  for (const [round, { redemption_token, no_token }] of tokens.entries()) {
    wrong.push(await timeOf(database, mine.campaign, no_token, 2 * round));
    foreign.push(await timeOf(database, mine.campaign, redemption_token, 2 * round + 1));
  }
  const [one, other] = [median(wrong), median(foreign)];
  console.log(`${'wrong'.padEnd(64)} ${one.toFixed(2)} ms`);
  console.log(`${"another campaign's".padEnd(64)} ${other.toFixed(2)} ms  ${(other / one).toFixed(2)} of it`);
  await database.end();
}

async function timeOf(database: Client, campaign: string, code: string, visitorNumber: number): Promise<number> {
  const visitor = `198.51.${Math.floor(visitorNumber / 250)}.${visitorNumber % 250}`;
  const startedAt = performance.now();
  await database`
    select public.redeem_gift_card(${code}, ${campaign}, null, null, null,
      row(gen_random_uuid(), null, ${visitor}, null, null)::public.request)`;
  return performance.now() - startedAt;
}

const median = (times: number[]) => times.toSorted((one, other) => one - other)[Math.floor(times.length / 2)];
