import assert from 'node:assert/strict';
import { Refusal } from './errors.ts';
import { secretsOf } from './secrets.ts';

function valuesOf(value: string): string[] {
  Deno.env.set('SOME_SECRET', value);
  try {
    return secretsOf('SOME_SECRET');
  } finally {
    Deno.env.delete('SOME_SECRET');
  }
}

Deno.test('secretsOf: one or several values → in their order', () => {
  assert.deepEqual(valuesOf('whsec_a'), ['whsec_a']);
  assert.deepEqual(valuesOf(' whsec_new, whsec_old ,'), ['whsec_new', 'whsec_old']);
});

Deno.test('secretsOf: no value → refused by its name', () => {
  const names = (error: unknown) => error instanceof Refusal && error.details.missing === 'SOME_SECRET';
  for (const value of ['', ' , ']) assert.throws(() => valuesOf(value), names);
});
