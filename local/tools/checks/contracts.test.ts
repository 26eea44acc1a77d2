/** The contracts by themselves; the tests' HTTP client holds real answers against them. */
import assert from 'node:assert/strict';
import { isJson, sharedCodes, statusOf } from '../../../supabase/functions/_shared/http/contract.ts';
import { loadContracts } from './contracts.ts';

const contracts = await loadContracts();

const textOf = (name: string) =>
  Deno.readTextFileSync(new URL(`../../../supabase/functions/${name}/index.ts`, import.meta.url));

Deno.test('contracts: every function → has one of its own name, and serves by it', () => {
  assert.ok(contracts.size > 30);
  for (const [name, contract] of contracts) {
    assert.equal(contract.name, name);
    const text = textOf(name);
    assert.match(text, /serve\(\s*contract,/, name);
    assert.ok(text.split('\n').length <= 41, `${name}/index.ts has more than 40 lines`);
  }
});

Deno.test('contracts: each example → fits its schemas', () => {
  for (const { name, request, answer, example } of contracts.values()) {
    const schema = isJson(request) ? request : request && Object.values(request.content).at(-1);
    if (schema) assert.deepEqual(schema.safeParse(example.request).error?.issues, undefined, `${name}: request`);
    if (answer) assert.deepEqual(answer.safeParse(example.answer).error?.issues, undefined, `${name}: answer`);
  }
});

Deno.test('contracts: neither a resource nor a file → 204; a webhook → a signature or a token', () => {
  for (const contract of contracts.values()) {
    const { name, auth, answer, file, signatures, query } = contract;
    assert.equal(statusOf(contract) === 204, answer === null && !file, name);
    assert.equal(auth === 'none', !!signatures || !!query?.token, `${name}: who may call it`);
  }
});

Deno.test('sharedCodes: a body, a key, a family → their codes', () => {
  const codes = (name: string) => sharedCodes(contracts.get(name)!).sort();
  assert.deepEqual(codes('get-wallet'), [
    'RB-400',
    'RB-401',
    'RB-405',
    'RB-413',
    'RB-415',
    'RB-500',
    'RB-502',
    'RB-503',
  ]);
  assert.deepEqual(codes('unsubscribe'), ['RB-400', 'RB-405', 'RB-500', 'RB-502', 'RB-503']);
  assert.deepEqual(codes('redeem-gift-card').filter((code) => !code.startsWith('RB-4')), [
    'GC-012',
    'GC-013',
    'GC-015',
    'RB-503',
  ]);
  assert.ok(codes('redeem-gift-card').includes('RB-409'));
});
