import assert from 'node:assert/strict';
import { findChromium, inPage } from '../support/browser.ts';
import { join, type Person } from '../support/people.ts';
import { promise } from '../support/promise.ts';
import { messageTo } from '../support/sandbox.ts';
import { uniqueCard, uniquePhone } from '../support/unique.ts';

const ADMIN = `
  const supabase = globalThis.supabase.createClient(facts.apiUrl, facts.publishableKey);
  const email = crypto.randomUUID() + '@example.com', password = 'correct horse battery staple';
  const signedUp = await supabase.auth.signUp({ email, password });
  if (signedUp.error) throw signedUp.error;
  await ask({ id: signedUp.data.user.id });
  const signedIn = await supabase.auth.signInWithPassword({ email, password });
  if (signedIn.error) throw signedIn.error;
  const invoke = async (name, body) => {
    const { data, error } = await supabase.functions.invoke(name, { body });
    if (error) throw new Error(name + ': ' + await error.context?.text?.() + error);
    return data;
  };`;

const JOURNEY = `${ADMIN}
  const found = await supabase.from('recipients').select('*, campaign:campaigns(*)').eq('phone', facts.phone);
  const session = await invoke('start-call-session', { callerPhone: facts.phone });
  const given = await invoke('provision-gift-card-for-call-center', {
    callSessionId: session.callSessionId, recipientId: session.matches[0].recipientId, conditionNumber: 1, deliveryMethod: 'sms' });
  const again = await invoke('send-gift-card-sms', { giftCardId: given.giftCard.id, phone: facts.otherPhone, reason: 'a new phone' });
  const form = new FormData();
  const pool = await supabase.rpc('create_gift_card_pool', {
    client_id: facts.clientId, brand_id: facts.brandId, pool_name: 'Our own', denomination: 25 });
  form.append('poolId', pool.data.id);
  form.append('file', new Blob([facts.csv], { type: 'text/csv' }), 'cards.csv');
  const upload = await invoke('upload-gift-cards', form);
  const refused = await supabase.functions.invoke('send-gift-card-sms', { body: { giftCardId: given.giftCard.id, phone: facts.phone, reason: 7 } });
  return { found, session, given, again, upload, refusal: await refused.error.context.json() };`;

interface Journey {
  found: { data: { id: string }[] };
  session: { matches: unknown[] };
  given: { giftCard: { id: string; status: string } };
  again: { giftCardId: string };
  upload: { imported: number; rejected: number; rows: { line: number; status: string; reason?: string }[] };
  refusal: { error: { fields: { field: string }[] } };
}

Deno.test({
  name: 'a page of another origin: signs up, signs in, finds a recipient, gives a card, resends it, uploads cards',
  ignore: findChromium() === null,
  async fn() {
    const { clientId, brandId, recipient } = await promise({ cards: 1 });
    const [good, otherPhone] = [uniqueCard(), uniquePhone()];
    const result = await inPage<Journey>(JOURNEY, {
      phone: recipient.phone,
      otherPhone,
      clientId,
      brandId,
      csv: `code,pin\n${good.code},${good.pin}\n6.30119E+18,\n`,
    }, async ({ id }) => await join({ id } as Person, 'client_admin', clientId));
    assert.deepEqual(result.found.data.map(({ id }) => id), [recipient.id]);
    assert.equal(result.session.matches.length, 1);
    assert.equal(result.given.giftCard.status, 'claimed');
    assert.equal(result.again.giftCardId, result.given.giftCard.id);
    assert.deepEqual([result.upload.imported, result.upload.rejected], [1, 1]);
    assert.equal(result.refusal.error.fields[0].field, 'reason');
    assert.deepEqual(result.upload.rows.map(({ line, status }) => [line, status]), [[2, 'imported'], [3, 'rejected']]);
    assert.match(result.upload.rows[1].reason!, /export the column as text/);
    await messageTo(otherPhone);
  },
});

if (findChromium() === null) {
  console.log('Chromium is not installed (Debian: chromium): the browser tests are skipped.');
}
