import assert from 'node:assert/strict';

Deno.test('mask: codes, ids and phone numbers → their last four characters', async () => {
  const { mask } = await import('./stage.ts');
  assert.equal(
    mask('card AMZN-7K3M-9T5P-2W6Q and 00000000-0000-4000-8000-000000000401 to +12025550142, refused with GC-010'),
    'card …2W6Q and …0401 to +…0142, refused with GC-010',
  );
});
