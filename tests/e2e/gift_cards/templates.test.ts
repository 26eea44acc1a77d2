import assert from 'node:assert/strict';
import { DEFAULT_TEMPLATES, TAG, valuesOf } from '../../../supabase/functions/_shared/messages/render.ts';
import { houseValues } from '../../../supabase/functions/_shared/messages/deliver.ts';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { deliveryIs, provisionBySms } from '../../support/gift_cards.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { messagesTo, messageTo } from '../../support/sandbox.ts';

async function tagsOfTheDatabase(): Promise<string[]> {
  return (await sql`select tag from private.merge_tags order by tag`).map(({ tag }) => tag as string);
}

Deno.test('merge tags: those of the database → those of render', async () => {
  const promised = await promise();
  const { deliveryId } = await provisionBySms(promised);
  const [{ message }] = await sql`
    select private.present_card_message(d) as message from public.deliveries d where d.id = ${deliveryId}`;
  const values = valuesOf(message.merge, promised.cards[0], houseValues('Client'));
  assert.deepEqual([...Object.keys(values), 'claim_url', 'claim_expires'].sort(), await tagsOfTheDatabase());
});

Deno.test('merge tags: the pattern of the database → that of render', async () => {
  const [{ pattern }] = await sql`select private.tag_pattern() as pattern`;
  assert.equal(pattern, TAG.source);
});

Deno.test('merge tags: a message with all of them → none is empty', async () => {
  const promised = await promise();
  await sql`update public.gift_cards set expires_at = '2030-01-01' where pool_id = ${promised.poolId}`;
  const tags = await tagsOfTheDatabase();
  const template = tags.map((tag) => `<${tag} {{${tag}}}>`).join(' ');
  const admin = await signUpAs('client_admin', promised.clientId);
  const { error } = await admin.client.rpc('update_campaign_templates', {
    campaign_id: promised.campaignId,
    sms_template: template,
  });
  assert.equal(error, null);
  await provisionBySms(promised);
  const { body } = await messageTo(promised.recipient.phone);
  for (const tag of tags) assert.match(body, new RegExp(`<${tag} [^<>{}]+>`), tag);
});

Deno.test('check_message_template: each default template → no problem', async () => {
  for (const [channel, texts] of Object.entries(DEFAULT_TEMPLATES)) {
    for (const text of texts) {
      const [{ checked }] = await sql`select public.check_message_template(${text}, ${channel}) as checked`;
      assert.deepEqual(checked.problems, [], text);
    }
  }
});

Deno.test('update_campaign_templates: a text without the code → RB400 with the field and the nearest tag', async () => {
  const promised = await promise({ cards: 0 });
  const admin = await signUpAs('client_admin', promised.clientId);
  const { error } = await admin.client.rpc('update_campaign_templates', {
    campaign_id: promised.campaignId,
    sms_template: 'Your code: {{cod}} enjoy',
  });
  assert.equal(error!.code, 'RB400');
  const [first] = JSON.parse(error!.details).fields;
  assert.deepEqual(first, { field: 'sms_template', problem: '{{cod}} is not a merge tag: did you mean {{code}}?' });
  const created = await admin.client.rpc('create_campaign', {
    client_id: promised.clientId,
    campaign_name: 'Autumn',
    sms_template: 'Your {{brand}} card: {{code}}',
  });
  assert.deepEqual([created.data.sms_encoding, created.data.sms_segments], ['GSM-7', 1]);
});

Deno.test('delivery: a card with a PIN, and a template without → the PIN stands at the end', async () => {
  const promised = await promise();
  await sql`update public.campaigns set sms_template = 'Your card: {{code}}' where id = ${promised.campaignId}`;
  await provisionBySms(promised);
  const [{ code, pin }] = promised.cards;
  assert.equal((await messageTo(promised.recipient.phone)).body, `Your card: ${code}\nPIN: ${pin}`);
});

Deno.test('delivery: an SMS that is too long with its real values → not sent, the e-mail brings it, an alert says so', async () => {
  const promised = await promise();
  const { id, phone, email } = promised.recipient;
  await sql`
    update public.campaigns set sms_template = ${
    'x'.repeat(1000) + ' {{first_name}} {{code}}'
  } where id = ${promised.campaignId}`;
  await sql`update public.campaign_recipients set first_name = ${'Ada '.repeat(200)} where id = ${id}`;
  const { deliveryId } = await provisionBySms(promised);
  assert.equal((await deliveryIs('failed', deliveryId)).error_code, 'message_too_long');
  assert.ok((await messageTo(email)).body.includes(promised.cards[0].code));
  assert.deepEqual(await messagesTo(phone), []);
  await eventually('an alert names the campaign', async () =>
    (await sql`
      select from public.system_alerts where alert_type = 'message_too_long' and subject = ${promised.campaignId}`)
      .length === 1);
});
