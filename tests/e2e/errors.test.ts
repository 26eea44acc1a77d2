import assert from 'node:assert/strict';
import { catalogue } from '../../supabase/functions/_shared/http/errors.ts';

const root = new URL('../../', import.meta.url);

const TEST = /\.test\.(ts|sql)$/;

// The catalogue itself, and this file, name every code.
const LISTS = ['errors.ts', 'errors.test.ts'];

/** The text of all files below a folder whose names are wanted. */
function textOf(folder: string, wanted: RegExp): string {
  const url = new URL(folder, root);
  return Array.from(Deno.readDirSync(url), ({ name, isDirectory }) => {
    if (isDirectory) return textOf(`${folder}${name}/`, wanted);
    return wanted.test(name) && !LISTS.includes(name) ? Deno.readTextFileSync(new URL(name, url)) : '';
  }).join('\n');
}

/** The codes in a text, written as in the catalogue or as an SQLSTATE. */
function codesIn(text: string): Set<string> {
  return new Set(Array.from(text.matchAll(/\b([A-Z]{2})-?(\d{3})\b/g), ([, family, number]) => `${family}-${number}`));
}

Deno.test('errors: every code raised in SQL → in the catalogue', () => {
  const raised = [...codesIn(textOf('supabase/migrations/', /\.sql$/))].filter((code) =>
    /^(GC|RB|VC|WL|PC|TK|OP)-/.test(code)
  );
  assert.ok(raised.length >= 10, String(raised));
  assert.deepEqual(raised.filter((code) => !(code in catalogue)), []);
});

Deno.test('errors: every code of the catalogue → raised by a test', () => {
  const tested = codesIn(
    textOf('tests/', TEST) + textOf('supabase/tests/', TEST) + textOf('supabase/functions/', TEST),
  );
  const missing = Object.keys(catalogue).filter((code) => !tested.has(code));
  assert.deepEqual(missing, []);
});

// The document that callers have: number, status, how the message begins, how the solution begins.
const DOCUMENTED: [string, number, string, string][] = [
  ['001', 400, 'Missing brand_id/card_value', 'Edit campaign condition settings'],
  ['002', 400, 'Brand not found', 'Check brand exists and is enabled'],
  ['003', 400, 'No inventory available', 'Upload cards or configure Tillo'],
  ['004', 503, 'Tillo API not configured', 'Add Tillo credentials to Supabase'],
  ['005', 502, 'Tillo API call failed', 'Check Tillo account status'],
  ['006', 402, 'Insufficient credits', 'Allocate more credits to account'],
  ['007', 500, 'Billing transaction failed', 'Check database connection'],
  ['008', 400, 'Campaign billing not configured', 'Set up billing entity'],
  ['009', 400, 'Verification required', 'Complete SMS opt-in or skip verification'],
  ['010', 409, 'Already provisioned', 'Customer already received gift card'],
  ['011', 404, 'Invalid redemption code', 'Verify code exists in system'],
  ['012', 400, 'Missing parameters', 'Check API request format'],
  ['013', 500, 'Database function error', 'Check migration status'],
  ['014', 502, 'Delivery notification failed', 'Check SMS/email configuration'],
  ['015', 500, 'Unknown error', 'Check function logs for details'],
];

Deno.test('errors: the gift card codes → as documented', () => {
  const codes = Object.entries(catalogue).filter(([code]) => code.startsWith('GC-'));
  assert.deepEqual(
    codes.map(([code, { status, message, solution }], index) => [
      code.slice(3),
      status,
      message.slice(0, DOCUMENTED[index]?.[2].length),
      solution.slice(0, DOCUMENTED[index]?.[3].length),
    ]),
    DOCUMENTED,
  );
});
