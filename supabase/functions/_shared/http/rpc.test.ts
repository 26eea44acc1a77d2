import assert from 'node:assert/strict';
import { Refusal } from './errors.ts';
import { callDoor, type DoorClient } from './rpc.ts';

type Outcome = Awaited<ReturnType<DoorClient['rpc']>>;

function clientAnswering(...outcomes: Outcome[]): DoorClient & { calls: number } {
  return {
    calls: 0,
    rpc() {
      return Promise.resolve(outcomes[Math.min(this.calls++, outcomes.length - 1)]);
    },
  };
}

const ok = { data: { outcome: 'ok', replayed: false, result: { id: 1 }, sealed: null }, error: null };
const failing = (code: string | undefined, message = 'secret detail') => ({ data: null, error: { code, message } });
const refused = (refusal: Record<string, unknown>) => ({ data: { outcome: 'refused', ...refusal }, error: null });

async function thrownBy(client: DoorClient): Promise<Error> {
  return await callDoor(client, 'a_door', {}).then(() => assert.fail('nothing was thrown'), (error) => error);
}

Deno.test('callDoor: a result comes back as it is', async () => {
  assert.deepEqual(await callDoor(clientAnswering(ok), 'a_door', {}), {
    replayed: false,
    result: { id: 1 },
    sealed: null,
  });
});

Deno.test('callDoor: a refusal keeps its code, message and details', async () => {
  const details = { retryAfter: 7 };
  const error = await thrownBy(clientAnswering(refused({ code: 'RB-429', message: 'Slow down', details })));
  assert.ok(error instanceof Refusal);
  assert.deepEqual([error.code, error.message, error.details], ['RB-429', 'Slow down', details]);
});

Deno.test('callDoor: a refusal without a message gets that of the catalogue', async () => {
  const error = await thrownBy(clientAnswering(refused({ code: 'GC-010', message: null, details: {} })));
  assert.equal(error.message, 'Already provisioned');
});

Deno.test('callDoor: what a door says of our own failure is kept from the caller', async () => {
  const error = await thrownBy(
    clientAnswering(refused({ code: 'GC-007', message: 'secret detail', details: { a: 1 } })),
  );
  assert.ok(error instanceof Refusal);
  assert.doesNotMatch(JSON.stringify(error.body('id')), /secret detail|"a"/);
  assert.match(String(error.cause), /secret detail/);
});

for (const code of ['40001', '40P01']) {
  Deno.test(`callDoor: a transaction undone by a rival (${code}) is run again`, async () => {
    const client = clientAnswering(failing(code), failing(code), failing(code), ok);
    assert.equal((await callDoor(client, 'a_door', {})).replayed, false);
    assert.equal(client.calls, 4);
  });
}

Deno.test('callDoor: it gives up after three retries', async () => {
  const client = clientAnswering(failing('40001'));
  assert.ok(!(await thrownBy(client) instanceof Refusal));
  assert.equal(client.calls, 4);
});

Deno.test('callDoor: nothing else is run again', async () => {
  for (const code of ['23505', '57P01', 'PGRST202', undefined]) {
    const client = clientAnswering(failing(code), ok);
    await thrownBy(client);
    assert.equal(client.calls, 1, code);
  }
});

for (const code of ['PGRST202', '42501', '42883', '08006', '53300', '57P03', '', undefined]) {
  Deno.test(`callDoor: a door that cannot be used (${code}) is GC-013 without its detail`, async () => {
    const error = await thrownBy(clientAnswering(failing(code)));
    assert.ok(error instanceof Refusal && error.code === 'GC-013');
    assert.doesNotMatch(JSON.stringify(error.body('id')), /secret detail/);
  });
}

for (const code of ['23505', '22012', 'P0001', 'XX000']) {
  Deno.test(`callDoor: an exception in a door (${code}) is no refusal`, async () => {
    assert.ok(!(await thrownBy(clientAnswering(failing(code))) instanceof Refusal));
  });
}

Deno.test('callDoor: an answer that is neither a result nor a known refusal is a bug', async () => {
  for (
    const data of [null, 'ok', {}, { outcome: 'refused', code: 'XX-999' }, { outcome: 'refused', code: 'toString' }]
  ) {
    assert.ok(!(await thrownBy(clientAnswering({ data, error: null })) instanceof Refusal), JSON.stringify(data));
  }
});
