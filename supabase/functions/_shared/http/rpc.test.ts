import assert from 'node:assert/strict';
import { GeneralRefusal, Refusal } from './errors.ts';
import { callRpc, type Rpc, type RpcClient } from './rpc.ts';

type Outcome = Awaited<ReturnType<RpcClient['rpc']>>;

function clientAnswering(...outcomes: Outcome[]): RpcClient & { calls: number } {
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

async function thrownBy(client: RpcClient): Promise<Error> {
  return await callRpc(client, 'an_entry_point', {}).then(() => assert.fail('nothing was thrown'), (error) => error);
}

Deno.test('callRpc: a result → returned unchanged', async () => {
  assert.deepEqual(await callRpc(clientAnswering(ok), 'an_entry_point', {}), {
    replayed: false,
    result: { id: 1 },
    sealed: null,
  });
});

Deno.test('callRpc: a returned refusal → its code, message and details', async () => {
  const details = { retryAfter: 7 };
  const error = await thrownBy(clientAnswering(refused({ code: 'RB-429', message: 'Slow down', details })));
  assert.ok(error instanceof Refusal);
  assert.deepEqual([error.code, error.message, error.details], ['RB-429', 'Slow down', details]);
});

const raised = (code: string, message: string, details: Record<string, unknown> | null) => ({
  data: null,
  error: { code, message, details: details && JSON.stringify(details) },
});

Deno.test('callRpc: a raised refusal → its code, message and details', async () => {
  const error = await thrownBy(clientAnswering(raised('VC006', 'Used up', { code: 'VC-006', left: 0 })));
  assert.ok(error instanceof Refusal);
  assert.deepEqual([error.code, error.message, error.details], ['VC-006', 'Used up', { left: 0 }]);
});

Deno.test('callRpc: a raised refusal without details → its code', async () => {
  const error = await thrownBy(clientAnswering(raised('RB404', 'Not found', null)));
  assert.ok(error instanceof Refusal);
  assert.deepEqual([error.code, error.details], ['RB-404', {}]);
});

Deno.test('callRpc: message and details of a raised bug of ours → the log only', async () => {
  const error = await thrownBy(clientAnswering(raised('GC007', 'secret detail', { code: 'GC-007', a: 1 })));
  assert.ok(error instanceof Refusal && error.code === 'GC-007');
  assert.doesNotMatch(JSON.stringify(error.body('id')), /secret detail|"a"/);
  assert.match(String(error.cause), /secret detail/);
});

Deno.test('callRpc: a raised code outside the catalogue → a bug', async () => {
  assert.ok(!(await thrownBy(clientAnswering(raised('VC999', 'No such code', {}))) instanceof Refusal));
});

Deno.test('callRpc: a refusal without a message → that of the catalogue', async () => {
  const error = await thrownBy(clientAnswering(refused({ code: 'GC-010', message: null, details: {} })));
  assert.equal(error.message, 'Already provisioned');
});

Deno.test('callRpc: details of an internal failure → the log only', async () => {
  const error = await thrownBy(
    clientAnswering(refused({ code: 'GC-007', message: 'secret detail', details: { a: 1 } })),
  );
  assert.ok(error instanceof Refusal);
  assert.doesNotMatch(JSON.stringify(error.body('id')), /secret detail|"a"/);
  assert.match(String(error.cause), /secret detail/);
});

for (const code of ['40001', '40P01']) {
  Deno.test(`callRpc: a transaction aborted by a concurrent one (${code}) → retried`, async () => {
    const client = clientAnswering(failing(code), failing(code), failing(code), ok);
    assert.equal((await callRpc(client, 'an_entry_point', {})).replayed, false);
    assert.equal(client.calls, 4);
  });
}

Deno.test('callRpc: three retries fail → gives up', async () => {
  const client = clientAnswering(failing('40001'));
  assert.ok(!(await thrownBy(client) instanceof Refusal));
  assert.equal(client.calls, 4);
});

Deno.test('callRpc: any other error → not retried', async () => {
  for (const code of ['23505', '57P01', 'PGRST202', undefined]) {
    const client = clientAnswering(failing(code), ok);
    await thrownBy(client);
    assert.equal(client.calls, 1, code);
  }
});

for (const code of ['PGRST202', '42501', '42883', '08006', '53300', '57P03', '', undefined]) {
  Deno.test(`callRpc: an unusable entry point (${code}) → RB-502, in the family GC GC-013, without detail`, async () => {
    const error = await thrownBy(clientAnswering(failing(code)));
    assert.ok(error instanceof GeneralRefusal);
    for (const [refusal, code] of [[error, 'RB-502'], [error.of('GC'), 'GC-013']] as const) {
      assert.equal(refusal.code, code);
      assert.doesNotMatch(JSON.stringify(refusal.body('id')), /secret detail/);
      assert.match(String(refusal.cause), /secret detail/);
    }
  });
}

for (const code of ['23505', '22012', 'P0001', 'XX000']) {
  Deno.test(`callRpc: an exception in an entry point (${code}) → a bug, no refusal`, async () => {
    assert.ok(!(await thrownBy(clientAnswering(failing(code))) instanceof Refusal));
  });
}

Deno.test('callRpc: neither a result nor a known refusal → a bug', async () => {
  for (
    const data of [null, 'ok', {}, { outcome: 'refused', code: 'XX-999' }, { outcome: 'refused', code: 'toString' }]
  ) {
    assert.ok(!(await thrownBy(clientAnswering({ data, error: null })) instanceof Refusal), JSON.stringify(data));
  }
});

Deno.test('rpc: a misspelt function or argument, one too many and one of a wrong type → does not compile', () => {
  const rpc: Rpc = () => Promise.reject(new Error('only its types are of interest'));
  const calls = [
    () => rpc<{ status: string }>('get_crm_endpoint', { endpoint_id: null }),
    // @ts-expect-error: get_crm_endpoint
    () => rpc('get_crm_endpiont', { endpoint_id: null }),
    // @ts-expect-error: endpoint_id
    () => rpc('get_crm_endpoint', { endpiont_id: null }),
    // @ts-expect-error: an argument of another entry point
    () => rpc('get_crm_endpoint', { endpoint_id: null, crm_event_id: null }),
    // @ts-expect-error: an id is a text
    () => rpc('get_crm_endpoint', { endpoint_id: 7 }),
    // @ts-expect-error: an argument without a default is left out
    () => rpc('get_crm_endpoint', {}),
  ];
  // `npm run check` finds an expected error that does not come.
  assert.equal(calls.length, 6);
});
