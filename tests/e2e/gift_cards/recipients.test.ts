import assert from 'node:assert/strict';
import type { SupabaseClient } from '@supabase/supabase-js';
import { assertDone } from '../../support/expect.ts';
import { provision } from '../../support/gift_cards.ts';
import { clientWith, signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { stack } from '../../support/stack.ts';
import { symbols } from '../../support/unique.ts';

const server = clientWith(stack.secretKey);

Deno.test('recipients: an admin and a server find a recipient with its campaign by redemption_token or redemption_code', async () => {
  const [mine, foreign] = [await promise({ cards: 0 }), await promise({ cards: 0 })];
  const admin = await signUpAs('client_admin', mine.clientId);
  const lookUp = (client: SupabaseClient, column: string, code: string) =>
    client.from('recipients').select('*, campaign:campaigns(*)').eq(column, code).single();
  for (const client of [admin.client, server]) {
    for (
      const [column, code] of [
        ['redemption_token', mine.recipient.token],
        ['redemption_code', mine.recipient.token.replaceAll('-', '')],
      ]
    ) {
      const { data: recipient, error } = await lookUp(client, column, code);
      assert.equal(error, null);
      assert.deepEqual([recipient.id, recipient.campaign.id], [mine.recipient.id, mine.campaignId]);
    }
  }
  assert.equal((await lookUp(admin.client, 'redemption_token', foreign.recipient.token)).data, null);
  assert.equal((await lookUp(admin.client, 'redemption_token', symbols(12))).data, null);
});

Deno.test('recipients: embedded in campaigns, cards and grants, and the other way around', async () => {
  const promised = await promise();
  const { client } = await signUpAs('client_admin', promised.clientId);
  assertDone(await provision(promised, { deliveryMethod: 'sms' }));
  const only = async (query: PromiseLike<{ data: unknown; error: unknown }>) => {
    const { data, error } = await query;
    assert.equal(error, null);
    return data as Record<string, { id: string; redemption_token: string }[]>;
  };
  const { id, token } = promised.recipient;
  const campaign = await only(
    client.from('campaigns').select('id, recipients(id, redemption_token)').eq('id', promised.campaignId).single(),
  );
  assert.deepEqual(campaign.recipients, [{ id, redemption_token: token }]);
  const card = await only(
    client.from('gift_cards').select('id, recipients(id, redemption_token)').eq('recipient_id', id).single(),
  );
  assert.deepEqual(card.recipients, { id, redemption_token: token });
  const grant = await only(
    client.from('gift_card_grants').select('id, recipients(id, redemption_token)').eq('recipient_id', id).single(),
  );
  assert.deepEqual(grant.recipients, { id, redemption_token: token });
  const recipient = await only(
    client.from('recipients').select('id, gift_cards(id), gift_card_grants(id)').eq('id', id).single(),
  );
  assert.deepEqual([recipient.gift_cards.length, recipient.gift_card_grants.length], [1, 1]);
});

Deno.test('recipients: an agent reads every column but the codes, and finds nobody by a code', async () => {
  const promised = await promise({ cards: 0 });
  const agent = await signUpAs('call_agent', promised.clientId);
  const { token, id, phone } = promised.recipient;
  const { data, error } = await agent.client.from('recipients').select('*, campaign:campaigns(*)').eq('id', id)
    .single();
  assert.equal(error, null);
  assert.deepEqual([data.phone, data.redemption_token, data.redemption_code], [phone, null, null]);
  assert.equal(data.campaign.id, promised.campaignId);
  for (
    const query of [
      agent.client.from('recipients').select('id').eq('redemption_token', token),
      agent.client.from('recipients').select('id').eq('redemption_code', token.replaceAll('-', '')),
      agent.client.from('recipient_codes').select('*'),
      agent.client.from('campaign_recipients').select('*, recipient_codes(*)').eq(
        'recipient_codes.redemption_token',
        token,
      )
        .not('recipient_codes', 'is', null),
    ]
  ) {
    assert.deepEqual((await query).data ?? [], []);
  }
  const written = JSON.stringify([
    data,
    (await agent.client.from('campaign_recipients').select('*, recipient_codes(*)')).data,
  ]);
  assert.ok(!written.includes(token), written);
});
