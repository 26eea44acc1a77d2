import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { importJWK, SignJWT } from 'jose';
import { assertRefused } from '../support/expect.ts';
import { call } from '../support/http.ts';
import { promise } from '../support/promise.ts';
import { stack } from '../support/stack.ts';
import { targets } from '../support/targets.ts';

/** A token signed with the stack's own key, with these claims. */
async function tokenFor(claims: Record<string, unknown>): Promise<string> {
  const { signingKey } = JSON.parse(await Deno.readTextFile(join(dirname(stack.logFile), 'secrets.json')));
  return await new SignJWT({ role: 'authenticated', aud: 'authenticated', ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: signingKey.kid })
    .setIssuer(`${stack.apiUrl}/auth/v1`).setIssuedAt().setExpirationTime('1h')
    .sign(await importJWK(signingKey, 'ES256'));
}

Deno.test('every function of users: a token whose sub is no UUID → RB-401', async () => {
  const promised = await promise({ cards: 2 });
  // Public functions check the key only, and have no user.
  const known = (await targets(promised)).filter(({ options }) => options.key !== stack.publishableKey);
  const token = await tokenFor({ sub: 'agent-7' });
  for (const { name, body } of known) assertRefused(await call(name, body, { token }), 'RB-401');
  const [{ name, body }] = known;
  for (const sub of ['', undefined]) {
    assertRefused(await call(name, body, { token: await tokenFor({ sub }), key: stack.secretKey }), 'RB-401');
  }
});

Deno.test('RPC and tables: a token whose sub is no UUID → RB401 and no rows', async () => {
  const { clientId } = await promise({ cards: 0 });
  for (const sub of ['agent-7', '', undefined]) {
    const client = createClient(stack.apiUrl, stack.publishableKey, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { headers: { authorization: `Bearer ${await tokenFor({ sub })}` } },
    });
    const called = await client.rpc('create_package', {
      client_id: clientId,
      name: 'Starter',
      price: 49,
      duration_days: 30,
      messages: 10,
    });
    assert.ok(['RB401', '42501'].includes(called.error?.code ?? ''), JSON.stringify(called));
    const read = await client.from('campaigns').select('*');
    assert.ok(read.error || read.data.length === 0, JSON.stringify(read));
  }
});
