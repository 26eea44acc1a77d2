import assert from 'node:assert/strict';
import { demandLinks, newDevice, open, tokensIn } from '../support/claim_links.ts';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { provisionBySms } from '../support/gift_cards.ts';
import { call } from '../support/http.ts';
import { promise } from '../support/promise.ts';
import { messagesTo, messageTo } from '../support/sandbox.ts';

Deno.test('claim links: a resend and a reveal at once → one valid link, each reveal audited', async () => {
  const promised = await promise();
  await demandLinks(promised.campaignId);
  const { giftCardId } = await provisionBySms(promised);
  const { phone } = promised.recipient;
  const [token] = tokensIn(await messageTo(phone));
  const device = newDevice();

  const answers = await Promise.all(
    Array.from(
      { length: 24 },
      (_, n) =>
        n % 3 === 0
          ? call('send-gift-card-sms', { giftCardId, reason: 'again' })
          : open(token, n % 3 === 1 ? device : newDevice()),
    ),
  );
  assert.deepEqual(answers.map(({ status }) => status).filter((status) => ![200, 410].includes(status)), []);

  const statuses = () =>
    sql<
      { status: string }[]
    >`select status from public.deliveries where subject_id = ${giftCardId} and status <> 'cancelled'`;
  await eventually(
    'each message has left, or a newer one has taken its place',
    async () => (await statuses()).every(({ status }) => status === 'sent' || status === 'delivered'),
  );
  const sent = (await statuses()).length;
  assert.ok(sent >= 2, String(sent));
  const links = await sql`
    select revealed_at, replaced_at from public.claim_links where gift_card_id = ${giftCardId}`;
  assert.equal(links.length, sent);
  assert.equal(links.filter(({ replaced_at }) => replaced_at === null).length, 1);
  assert.ok(links.filter(({ revealed_at }) => revealed_at !== null).length <= 1);
  assert.deepEqual([...await sql`select * from private.reveals_without_audit`], []);

  const tokens = (await messagesTo(phone)).flatMap(tokensIn);
  assert.equal(tokens.length, sent);
  const opened = await Promise.all(tokens.map((one) => open(one)));
  assert.equal(opened.filter(({ status }) => status === 200).length, 1);
});
