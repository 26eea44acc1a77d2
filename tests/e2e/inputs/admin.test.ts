import assert from 'node:assert/strict';
import { type Input, INPUTS, type Kind } from '../../fixtures/inputs.ts';
import { sql } from '../../support/database.ts';
import { entryPoints, insideOf, type Outcome, outcomeOf, REFUSED_BY_STATE, world } from '../../support/entry_points.ts';

// A shorter text may stand in a message by accident.
const SHORTEST_TELLTALE = 5;

// Unknown merge tags and event types are named, as unknown fields are.
const NAMED = new Set<Kind | undefined>(['template', 'events']);

/** A refusal that propagates is written to the server log: no text that the caller sent may stand in it. */
function repeats(value: unknown, { message, detail }: { message: string; detail: string }): boolean {
  const logged = `${message}\n${detail}`.replaceAll(/such as \S+/g, '');
  const texts: string[] = [];
  JSON.stringify(value, (_key, part) => (typeof part === 'string' && texts.push(part), part));
  return texts.some((text) =>
    text.trim().length >= SHORTEST_TELLTALE &&
    (logged.includes(text) || logged.includes(JSON.stringify(text).slice(1, -1)))
  );
}

function problemOf(
  kind: Kind | undefined,
  value: unknown,
  right: Input[1],
  outcome: Outcome,
  isState: boolean,
): string | null {
  if (outcome.kind === 'refused' && !NAMED.has(kind) && repeats(value, outcome)) {
    return `repeats the value: ${outcome.message} ${outcome.detail}`;
  }
  if (outcome.kind === 'raw') return `raw ${outcome.state} ${outcome.message}`;
  if (outcome.kind === 'refused' && outcome.code === 'RB400' && !isState && !outcome.fields?.length) {
    return `RB400 without fields: ${outcome.message}`;
  }
  if (right === 'refused' && outcome.kind === 'taken') return 'is taken';
  if (right === 'taken' && outcome.kind === 'refused') return `is refused: ${outcome.code} ${outcome.message}`;
  return null;
}

Deno.test('admin entry points: each argument → of a declared kind', async () => {
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

Deno.test('admin entry points: foreign inputs → taken, or refused by their field without the value, never a raw database error', async () => {
  const given = await world();
  const problems: string[] = [];
  for (const entry of await entryPoints()) {
    for (const arg of entry.args) {
      for (const [value, right] of insideOf(arg, INPUTS[arg.kind!] as Input[])) {
        const outcome = await outcomeOf(given, entry, { [arg.name]: value });
        const problem = problemOf(arg.kind, value, right, outcome, entry.name in REFUSED_BY_STATE);
        if (problem) problems.push(`${entry.name}.${arg.name} = ${JSON.stringify(value)?.slice(0, 60)}: ${problem}`);
      }
    }
  }
  assert.deepEqual(problems, []);
});

/** What kind of value each field of an object takes that an entry point is given as JSON. */
const FIELDS: Record<string, Kind> = {
  code: 'code',
  type: 'choice',
  value: 'count',
  description: 'text',
  usageLimit: 'count',
  perCustomerLimit: 'count',
  isActive: 'flag',
  isPublic: 'flag',
  startsAt: 'time',
  expiresAt: 'time',
  expiresOn: 'day',
  packageId: 'id',
  minimumPurchase: 'amount',
  entitlementDays: 'count',
  ownerId: 'id',
  ownerBenefit: 'count',
  dealerId: 'id',
  allowedDomains: 'domains',
  allowedCustomers: 'contacts',
};

/** The fields that a function of the database names as known. */
async function knownFields(body: string): Promise<string[]> {
  const [{ source }] = await sql`select prosrc as source from pg_proc where oid = ${body}::regproc`;
  const list = /assert_fields\(\w+, array\[([^\]]*)\]/.exec(source)?.[1];
  assert.ok(list, `${body} names its fields`);
  return list.split(',').map((field) => field.trim().replaceAll("'", ''));
}

Deno.test('create_voucher, update_voucher: each field with foreign inputs → taken, or refused by its field without the value', async () => {
  const given = await world();
  const entries = await entryPoints();
  const problems: string[] = [];
  for (
    const [name, argument, body, rest] of [
      ['create_voucher', 'voucher', 'private.voucher_of', { type: 'credit', value: 5 }],
      ['update_voucher', 'changes', 'private.update_voucher', {}],
    ] as const
  ) {
    const entry = entries.find((one) => one.name === name)!;
    for (const field of await knownFields(body)) {
      assert.ok(FIELDS[field], `declare the kind of ${field} in FIELDS`);
      for (const [value, right] of INPUTS[FIELDS[field]] as Input[]) {
        const outcome = await outcomeOf(given, entry, { [argument]: { ...rest, [field]: value } });
        const problem = problemOf(FIELDS[field], value, right, outcome, false);
        if (problem) problems.push(`${name}.${field} = ${JSON.stringify(value)?.slice(0, 60)}: ${problem}`);
      }
    }
  }
  assert.deepEqual(problems, []);
});
