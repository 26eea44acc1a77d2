import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { basename, dirname } from 'node:path';
import { demandLinks, newDevice, open, tokensIn } from '../support/claim_links.ts';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { deliveryIs, provision, provisionBySms, redeem } from '../support/gift_cards.ts';
import { type Answer, call } from '../support/http.ts';
import { type Person, signUpAs } from '../support/people.ts';
import { type Card, promise, type Promised } from '../support/promise.ts';
import { messagesTo, messageTo, order } from '../support/sandbox.ts';
import { stack } from '../support/stack.ts';
import { failAt, hurry, sell, soldBy } from '../support/suppliers.ts';
import { symbols, uniqueCard, uniquePhone } from '../support/unique.ts';

const decoder = new TextDecoder('latin1');

/** A secret in every dress in which it might lie about: as it is, folded, and as bytes written out. */
function dresses(secret: string): string[] {
  const bare = secret.replaceAll('-', '');
  return [secret, secret.toLowerCase(), bare, bare.toLowerCase()].flatMap((text) => [
    text,
    Buffer.from(text).toString('hex'),
    Buffer.from(text).toString('base64').replace(/=+$/, ''),
    encodeURIComponent(text),
  ]);
}

function needlesOf(cards: Card[]): string[] {
  return [...new Set(cards.flatMap(({ code, pin }) => [...dresses(code), ...dresses(pin)]))];
}

/** Tables with a row that holds one of the needles, whatever the type of the column. */
async function tablesHolding(needles: string[]): Promise<string[]> {
  const tables = await sql`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`;
  assert.ok(tables.length > 30, `only ${tables.length} tables`);
  const folder = await Deno.makeTempDir();
  for (const { name } of tables) {
    await Deno.writeTextFile(`${folder}/${name}`, await rowsOf(name));
  }
  const files = await filesHolding(needles, folder);
  await Deno.remove(folder, { recursive: true });
  return files.map((file) => basename(file));
}

/** The rows of a table as text: each column is in it, bytes in hexadecimal. */
async function rowsOf(table: string): Promise<string> {
  try {
    const rows = await sql.unsafe(`select t::text as row from ${table} as t`);
    return rows.map(({ row }) => row).join('\n');
  } catch (error) {
    // A scratch table of another test that has ended meanwhile.
    if ((error as { code?: string }).code === '42P01') return '';
    throw error;
  }
}

/** Files below a folder that hold one of the needles: tables, write-ahead log and logs, as they lie on the disk. */
async function filesHolding(needles: string[], folder: string): Promise<string[]> {
  const patterns = await Deno.makeTempFile();
  await Deno.writeTextFile(patterns, needles.join('\n'));
  const { stdout } = await new Deno.Command('grep', { args: ['-rlaF', '-f', patterns, folder] }).output();
  await Deno.remove(patterns);
  // What the sandbox may remember are the messages themselves.
  return decoder.decode(stdout).split('\n').filter((file) => file && !file.endsWith('/sandbox.jsonl'));
}

/** Cards that go the good way: each shown or sent to whom it belongs. Returns the answers that must not show a code. */
async function giveOut(promised: Promised, admin: Person, agent: Person): Promise<Answer[]> {
  const { campaignId, recipients: [form, api, call_, resent] } = promised;
  await redeem(form.token, { deliveryMethod: 'email' }, { idempotencyKey: crypto.randomUUID() });
  await provision({ campaignId, recipient: api }, { deliveryMethod: 'sms' }, { token: admin.token });
  const told = await call('provision-gift-card-for-call-center', {
    confirmationCode: call_.token,
    conditionNumber: 1,
    deliveryMethod: 'sms',
  }, { token: agent.token });
  const { giftCardId, deliveryId } = await provisionBySms(promised, resent);
  await deliveryIs('delivered', deliveryId);
  const again = await call('send-gift-card-sms', { giftCardId, reason: 'lost' }, { token: agent.token });
  await deliveryIs('delivered', told.body.delivery.id);
  return [told, again];
}

/** The same cards and others on every wrong way that there is. */
async function goWrong(promised: Promised, admin: Person, agent: Person, unstored: Card[]): Promise<Answer[]> {
  const { poolId, cards: [known], recipients } = promised;
  const [one, two, three, four, five] = unstored;
  const csv = (text: string) => call('upload-gift-cards', text, { query: `?poolId=${poolId}`, type: 'text/csv' });
  const failing = recipients[4];
  await order({ provider: 'twilio', to: failing.phone, kind: '21211' });
  const { deliveryId } = await provisionBySms(promised, failing);
  await deliveryIs('failed', deliveryId);
  const silent = recipients[5];
  await order({ provider: 'twilio', to: silent.phone, kind: 'timeout_after_accepting', holdMs: 50, callbacks: [] });
  await deliveryIs('sent', (await provisionBySms(promised, silent)).deliveryId);
  return [
    await call('upload-gift-cards', { poolId, cards: [known, known] }),
    await csv(`code,pin\n${one.code}X,${one.pin}\n"${two.code}`),
    await csv(`code,pin\n${two.code},${two.pin},${two.pin}\n`),
    await csv(`code,cvv\n${three.code},${three.pin}\n`),
    await csv(`${four.code},${four.pin}\n`),
    await csv(`code,pin\n${five.code}-${five.code},${five.pin}\n${five.code.slice(5)},${five.pin}\n`),
    await call('upload-gift-cards', `{"poolId":"${poolId}","cards":[{"code":"${one.code}","pin":"${one.pin}"}`, {
      type: 'application/json',
    }),
    await call('upload-gift-cards', { poolId: one.code, cards: [{ code: [two.code], pin: { pin: two.pin } }] }),
    await call('upload-gift-cards', { poolId, cards: [three] }, { token: agent.token }),
    await call('upload-gift-cards', { poolId: crypto.randomUUID(), cards: [four] }, { token: admin.token }),
    await redeem(three.code, { phone: three.pin }),
    await redeem(known.code),
    await provision(promised, { brandId: four.code, deliverTo: four.pin }),
    await call('send-gift-card-sms', { giftCardId: five.code, reason: five.pin }),
    await call(`redeem-gift-card?code=${known.code}`, { redemptionCode: symbols(12), deliveryMethod: 'none' }, {
      key: stack.publishableKey,
    }),
  ];
}

Deno.test('secrets: codes and PINs → only in the message and the authorized answer', async () => {
  const promised = await promise({ cards: 8, recipients: 6 });
  const { clientId, cards, recipients } = promised;
  const [admin, agent] = [await signUpAs('client_admin', clientId), await signUpAs('call_agent', clientId)];
  const unstored = Array.from({ length: 5 }, uniqueCard);
  const answers = [...await giveOut(promised, admin, agent), ...await goWrong(promised, admin, agent, unstored)];
  const needles = needlesOf([...cards, ...unstored]);

  for (const { text } of answers) {
    assert.deepEqual(needles.filter((needle) => text.includes(needle)), [], text);
  }
  assert.deepEqual(await tablesHolding(needles), []);
  assert.deepEqual(await filesHolding(needles, dirname(stack.logFile)), []);

  // The search finds what is there: the card in its message, the recipient in table, file and nowhere in the log.
  const sent = (await Promise.all(recipients.map(({ phone }) => messagesTo(phone)))).flat();
  assert.ok(sent.some(({ body }) => needles.some((needle) => body.includes(needle))));
  assert.ok((await tablesHolding([recipients[0].email])).includes('campaign_recipients'));
  assert.ok((await filesHolding([recipients[0].email], dirname(stack.logFile))).length > 0);
});

Deno.test('secrets: a bought card, also after failures → nowhere in clear text', async () => {
  const promised = await promise({ cards: 0, recipients: 3 });
  const { campaignId, brandId, recipients } = promised;
  const { brandCode, supplier } = await sell(brandId);
  for (const [index, kind] of ['', 'wrong_value', '504_after_accepting'].entries()) {
    if (kind) await failAt(supplier, brandCode, kind);
    await provision({ ...promised, recipient: recipients[index] }, { deliveryMethod: 'sms' });
  }
  await eventually('what was lost is found', async () => {
    await hurry(campaignId);
    const [{ issued }] = await sql`
      select count(*) as issued from public.gift_card_purchases where campaign_id = ${campaignId} and status = 'issued'`;
    return issued >= 2;
  });
  const sold = await soldBy(supplier, brandCode);
  assert.equal(sold.length, 3);
  // A PIN of four digits stands somewhere by chance.
  const needles = sold.flatMap(({ code }) => dresses(code));
  assert.deepEqual(await tablesHolding(needles), []);
  assert.deepEqual(await filesHolding(needles, dirname(stack.logFile)), []);
});

Deno.test('secrets: claim link tokens and CRM keys → in no other table, file or log', async () => {
  const promised = await promise();
  await demandLinks(promised.campaignId);
  const { giftCardId } = await provisionBySms(promised);
  const [token] = tokensIn(await messageTo(promised.recipient.phone));
  const device = newDevice();
  assert.equal((await open(token, device)).status, 200);
  assert.equal((await open(token)).status, 410);
  const agent = await signUpAs('call_agent', promised.clientId);
  await call('reveal-gift-card-to-staff', { giftCardId, reason: 'Lost' }, { token: agent.token });
  const admin = await signUpAs('client_admin', promised.clientId);
  const { data } = await admin.client.rpc('create_crm_endpoint', { client_id: promised.clientId, name: 'CRM' });

  // The first half of a token is the link's id, which opens nothing.
  const mac = Buffer.from(token, 'base64url').subarray(16);
  const needles = [token, token.slice(22), mac.toString('hex'), mac.toString('base64').replace(/=+$/, ''), device];
  const cards = needlesOf(promised.cards);
  assert.deepEqual(await tablesHolding([...needles, ...cards]), []);
  assert.deepEqual(await filesHolding([...needles, ...cards], dirname(stack.logFile)), []);
  assert.deepEqual(await tablesHolding([data.secret]), ['private.crm_keys']);
  const log = await Deno.readTextFile(stack.logFile);
  assert.ok(!log.includes(data.secret));
});

Deno.test('secrets: the log → no phone number, redemption code, token or key', async () => {
  const promised = await promise({ cards: 2, recipients: 2 });
  const [one, two] = promised.recipients;
  const { token } = await signUpAs('client_admin', promised.clientId);
  const phone = uniquePhone();
  await order({ provider: 'twilio', to: phone, kind: '21211' });
  const { body } = await redeem(one.token, { deliveryMethod: 'sms', phone });
  await deliveryIs('failed', body.delivery.id);
  await provision({ ...promised, recipient: two }, { deliveryMethod: 'sms' }, { token });
  await provision({ ...promised, recipient: two }, {}, { token: `${token}x` });

  const log = await Deno.readTextFile(stack.logFile);
  assert.ok(log.includes(body.requestId), 'this is not the log of the functions');
  const private_ = [
    phone,
    phone.slice(1),
    one.phone,
    two.phone,
    one.token,
    one.token.replaceAll('-', ''),
    token,
    stack.secretKey,
    stack.jobsKey,
    stack.jobsToken,
  ];
  assert.deepEqual(private_.filter((text) => log.includes(text)), []);
});

Deno.test('secrets: a sealed code moved to another card → cannot be unsealed', async () => {
  const promised = await promise({ cards: 2, recipients: 1 });
  // One card gets its own PIN as its code, the other one the code of the first.
  await sql`
    update private.card_secrets s
    set code_sealed = case when s.gift_card_id = o.gift_card_id then s.pin_sealed else o.code_sealed end
    from (
      select x.* from private.card_secrets x join public.gift_cards c on c.id = x.gift_card_id
      where c.pool_id = ${promised.poolId} limit 1) o
    where s.gift_card_id in (select c.id from public.gift_cards c where c.pool_id = ${promised.poolId})`;
  const answer = await redeem(promised.recipient.token);
  assert.equal(answer.status, 500);
  assert.equal(answer.body.error.code, 'GC-015');
  assert.ok(!promised.cards.some(({ code, pin }) => answer.text.includes(code) || answer.text.includes(pin)));
});
