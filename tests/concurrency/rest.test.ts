import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { signUpAs } from '../support/people.ts';
import { addClient } from '../support/shop.ts';

Deno.test('rest: 64 calls at once, just after the schema has changed → all are answered', async () => {
  const clientId = await addClient();
  const { client } = await signUpAs('client_admin', clientId);
  for (let round = 0; round < 3; round++) {
    await sql`notify pgrst`;
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => client.from('clients').select('id').eq('id', clientId)),
    );
    assert.deepEqual([...new Set(answers.map(({ data }) => data?.length))], [1]);
  }
});
