import assert from 'node:assert/strict';
import { type Input, INPUTS } from '../../fixtures/inputs.ts';
import { entryPoints, insideOf, type Outcome, outcomeOf, world } from '../../support/entry_points.ts';

/** Entry points whose right call is refused in the world of these tests, because of the state that it is in. */
const REFUSED_BY_STATE: Record<string, string> = {
  allow_gift_card_replacement: 'RB400', // the card is delivered
  collect_credit: 'GC006', // the client owes nothing
  replay_webhook_message: 'RB400', // the message is on its way
};

function problemOf(right: Input[1], outcome: Outcome, isState: boolean): string | null {
  if (outcome.kind === 'raw') return `raw ${outcome.state} ${outcome.message}`;
  if (outcome.kind === 'refused' && outcome.code === 'RB400' && !isState && !outcome.fields?.length) {
    return `RB400 without fields: ${outcome.message}`;
  }
  if (right === 'refused' && outcome.kind === 'taken') return 'is taken';
  if (right === 'taken' && outcome.kind === 'refused') return `is refused: ${outcome.code} ${outcome.message}`;
  return null;
}

Deno.test('admin entry points: each argument is of a declared kind', async () => {
  const undeclared = (await entryPoints()).flatMap(({ name, args }) =>
    args.filter(({ kind }) => !kind).map((arg) => `${name}.${arg.name} (${arg.type})`)
  );
  assert.deepEqual(undeclared, [], 'declare their kinds in tests/support/kinds.ts');
});

Deno.test('admin entry points: a right call → taken, so that the fixtures reach what they are for', async () => {
  const given = await world();
  const refused: string[] = [];
  for (const entry of await entryPoints()) {
    const outcome = await outcomeOf(given, entry, {});
    const code = outcome.kind === 'refused' ? outcome.code : undefined;
    if (code !== REFUSED_BY_STATE[entry.name] || outcome.kind === 'raw') {
      refused.push(`${entry.name}: ${JSON.stringify(outcome)}`);
    }
  }
  assert.deepEqual(refused, []);
});

Deno.test('admin entry points: foreign inputs → taken, or refused by their field, never a raw database error', async () => {
  const given = await world();
  const problems: string[] = [];
  for (const entry of await entryPoints()) {
    for (const arg of entry.args) {
      for (const [value, right] of insideOf(arg, INPUTS[arg.kind!] as Input[])) {
        const outcome = await outcomeOf(given, entry, { [arg.name]: value });
        const problem = problemOf(right, outcome, entry.name in REFUSED_BY_STATE);
        if (problem) problems.push(`${entry.name}.${arg.name} = ${JSON.stringify(value)?.slice(0, 60)}: ${problem}`);
      }
    }
  }
  assert.deepEqual(problems, []);
});
