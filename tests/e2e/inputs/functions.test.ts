import assert from 'node:assert/strict';
import { z } from 'zod';
import { EMAILS, INPUTS, PHONES } from '../../fixtures/inputs.ts';
import times from '../../fixtures/times.json' with { type: 'json' };
import { contracts } from '../../support/contracts.ts';
import { badRequestOf } from '../../support/expect.ts';
import { type Answer, call } from '../../support/http.ts';
import { promise } from '../../support/promise.ts';
import { type Target, targets } from '../../support/targets.ts';
import { isJson } from '../../../supabase/functions/_shared/http/contract.ts';
import { isCode } from '../../../supabase/functions/_shared/http/errors.ts';

type Sample = [given: unknown, isRefused: boolean];

const refused = (values: unknown[]): Sample[] => values.map((value): Sample => [value, true]);
const either = (values: unknown[]): Sample[] => values.map((value): Sample => [value, false]);
const TEXTS = INPUTS.text.map(([given]) => given);
const NO_NUMBERS = ['29,99', '1.234,56', '$29.99', '1e400', 'NaN', -1, 1e21, '', true];

/** What each kind of field is run through. */
const SAMPLES = {
  id: refused(['', 'abc', 1, '00000000-0000-4000-8000-00000000000g', ...TEXTS.filter(Boolean).slice(2)]),
  text: [...either(TEXTS.slice(1)), ...refused(['x'.repeat(100_000), 7, {}, []])],
  code: [
    ...either(['СКИДКА-2027', '🎁🎁2028', '=HYPERLINK("x")', ' ', "'; drop table x"]),
    ...refused(['', 7, 'x'.repeat(1000)]),
  ],
  phone: [
    ...refused(PHONES.filter(([, number]) => !number).map(([given]) => given)),
    ...either(PHONES.map(([given]) => given)),
  ],
  callerId: either(PHONES.map(([given]) => given)),
  email: [
    ...refused(EMAILS.filter(([, address]) => !address).map(([given]) => given)),
    ...either(EMAILS.map(([given]) => given)),
  ],
  choice: refused(['', ' ', 'no such choice', 7, '🎁', []]),
  flag: refused(['true', 1, 'yes', '', []]),
  count: refused([-1, 0.5, '1', '', 1e21, 'NaN']),
  amount: refused(NO_NUMBERS),
  time: [
    ...refused(['tomorrow', 'infinity', '2026-02-30', '12/31/2027', '31.12.2030', '', 20271231]),
    ...either(times.days.slice(0, 2).map(([given]) => given)),
  ],
  network: refused(['', 'abc', '300.1.1.1', 7]),
  rows: refused(['A-1', {}, [], [null], ['A-1'], 7]),
  pattern: refused(['', 7, {}, 'x'.repeat(1000), 'СКИДКА-****']),
};

/** What kind of value each field takes; `function.field` goes before `field`. */
const FIELDS: Record<string, keyof typeof SAMPLES> = {
  action: 'choice',
  adapter: 'choice',
  afterRow: 'count',
  allowSharedContact: 'flag',
  address: 'text',
  amount: 'amount',
  bizcoins: 'count',
  brandCode: 'text',
  callerPhone: 'callerId',
  cards: 'rows',
  channel: 'choice',
  chunk: 'count',
  code: 'code',
  conditionNumber: 'count',
  confirmationCode: 'code',
  currency: 'text',
  deliverTo: 'text',
  deliveryMethod: 'choice',
  dryRun: 'flag',
  exceptionsOnly: 'flag',
  expectedRows: 'count',
  fileHash: 'choice',
  isLast: 'flag',
  denomination: 'amount',
  description: 'text',
  device: 'text',
  email: 'email',
  expectedFinalAmount: 'amount',
  fileName: 'text',
  finalAmount: 'amount',
  format: 'choice',
  from: 'time',
  howMany: 'count',
  ip: 'network',
  job: 'choice',
  month: 'time',
  pattern: 'pattern',
  outcome: 'choice',
  paymentAmount: 'amount',
  phone: 'phone',
  preview: 'flag',
  pricePerCard: 'amount',
  quantity: 'count',
  recipients: 'rows',
  reason: 'text',
  redemptionCode: 'code',
  report: 'choice',
  show: 'choice',
  skipVerification: 'flag',
  source: 'choice',
  supplier: 'choice',
  to: 'time',
  token: 'code',
  until: 'time',
  useDiscount: 'flag',
  wording: 'text',
  wordingVersion: 'text',
};

const kindOf = (name: string, field: string) =>
  FIELDS[`${name}.${field}`] ?? FIELDS[field] ?? (/Id$/.test(field) ? 'id' as const : undefined);

/** The fields of the JSON body of each function that takes one, by its contract. */
function schemas(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, { request, signatures }] of contracts) {
    const json = isJson(request) ? request : request?.content['application/json'];
    if (json instanceof z.ZodObject && !signatures) found.set(name, Object.keys(json.shape));
  }
  return found;
}

Deno.test('edge functions: each with a body → in targets, each field of a declared kind', async () => {
  const known = schemas();
  assert.ok(known.size > 20);
  const names = (await targets(await promise())).map(({ name }) => name);
  assert.deepEqual(
    [...known.keys()].filter((name) => !names.includes(name)),
    [],
    'add them to tests/support/targets.ts',
  );
  const undeclared = [...known].flatMap(([name, fields]) =>
    fields.filter((field) => !kindOf(name, field)).map((field) => `${name}.${field}`)
  );
  assert.deepEqual(undeclared, [], 'declare their kinds in FIELDS');
});

function problemOf({ status, body, text }: Answer, name: string, field: string, isRefused: boolean): string | null {
  if (status >= 500) return `${status} ${text.slice(0, 200)}`;
  if (/violates|constraint|SQLSTATE|Failing row|syntax/.test(text)) return `raw error: ${text.slice(0, 200)}`;
  if (status < 400) return isRefused ? 'is taken' : null;
  if (!isCode(body?.error?.code)) return `no code: ${text.slice(0, 200)}`;
  const fields = (body.error.fields ?? []).map((problem: { field: string }) => problem.field.split('.')[0]);
  return isRefused && body.error.code === badRequestOf(name) && !fields.includes(field)
    ? `names ${fields}: ${text.slice(0, 200)}`
    : null;
}

async function problemsOf({ name, options, body, texts }: Target, fields: string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const field of fields) {
    for (const [given, isRefused] of SAMPLES[kindOf(name, field)!]) {
      const isText = typeof given === 'string' && texts?.includes(field);
      const answer = await call(name, { ...body, [field]: given }, options);
      const problem = problemOf(answer, name, field, isRefused && !isText);
      if (problem) problems.push(`${name}.${field} = ${JSON.stringify(given).slice(0, 50)}: ${problem}`);
    }
  }
  return problems;
}

Deno.test('edge functions: foreign inputs → answered, or refused by their field, never a failure', async () => {
  const known = schemas();
  const all = (await targets(await promise())).filter(({ name }) => known.has(name));
  const problems = await Promise.all(all.map((target) => problemsOf(target, known.get(target.name)!)));
  assert.deepEqual(problems.flat(), []);
});
