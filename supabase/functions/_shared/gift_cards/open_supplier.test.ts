import assert from 'node:assert/strict';
import { Refusal } from '../http/errors.ts';
import { configuredSuppliers, openSupplier } from './open_supplier.ts';

function withAccounts(names: string[], test: () => void | Promise<void>): () => Promise<void> {
  return async () => {
    const variables = names.flatMap((name) => [`${name}_API_KEY`, `${name}_SECRET_KEY`, `${name}_BASE_URL`]);
    variables.forEach((name) => Deno.env.set(name, 'https://supplier.example'));
    try {
      await test();
    } finally {
      variables.forEach((name) => Deno.env.delete(name));
    }
  };
}

function refusesNaming(name: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === 'RB-503' && error.details.missing === name;
}

Deno.test(
  'openSupplier: accounts with all three secrets → configured, a second account too',
  withAccounts(['TILLO_TEST', 'TILLO_TEST2'], () => {
    Deno.env.set('HALF_API_KEY', 'x');
    Deno.env.set('HALF_SECRET_KEY', 'x');
    const names = configuredSuppliers();
    assert.deepEqual(names.filter((name) => /^tillo_test|^half/.test(name)), ['tillo_test', 'tillo_test2']);
    Deno.env.set('TILLO_TEST_BASE_URL', '');
    assert.ok(!configuredSuppliers().includes('tillo_test'));
  }),
);

Deno.test(
  'openSupplier: an account of any name → the protocol of its adapter',
  withAccounts(['GIFTS_EU'], async () => {
    assert.equal(typeof (await openSupplier('gifts_eu', 'tillo')).issue, 'function');
  }),
);

Deno.test('openSupplier: a missing secret → named', async () => {
  await assert.rejects(openSupplier('nobody', 'tillo'), refusesNaming('NOBODY_API_KEY'));
});

Deno.test(
  'openSupplier: an unknown adapter, also `toString` → refused',
  withAccounts(['GIFTS_EU'], async () => {
    for (const adapter of ['fax', 'constructor', '__proto__']) {
      await assert.rejects(openSupplier('gifts_eu', adapter), refusesNaming(`an adapter called ${adapter}`));
    }
  }),
);
