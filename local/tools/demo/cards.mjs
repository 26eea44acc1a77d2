/** Uploads random demo cards through the real upload function, once per data folder. */
import { randomInt } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const demoPool = '00000000-0000-4000-8000-000000000301'; // made by supabase/seed.sql: Amazon, 25 USD
const letters = 'ABCDEFGHJKMNPQRSTVWXYZ23456789';

const random = (length, alphabet) => Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
const demoCard = () => ({
  code: `AMZN-${random(4, letters)}-${random(4, letters)}-${random(4, letters)}`,
  pin: random(4, '0123456789'),
});

/** Returns a sentence about what was done, or null when this data folder has its cards already. */
export async function uploadDemoCards(dataFolder, { apiUrl, secretKey }) {
  const marker = join(dataFolder, 'demo-cards');
  if (existsSync(marker)) return null;
  const response = await fetch(`${apiUrl}/functions/v1/upload-gift-cards`, {
    method: 'POST',
    headers: { 'apikey': secretKey, 'content-type': 'application/json' },
    body: JSON.stringify({ poolId: demoPool, cards: Array.from({ length: 40 }, demoCard) }),
  });
  const answer = await response.json();
  if (answer.code === 'NOT_FOUND') return 'There is no function upload-gift-cards yet: no demo cards.';
  if (!response.ok) return `The demo cards were refused: ${JSON.stringify(answer)}`;
  writeFileSync(marker, '');
  return `${answer.imported} demo cards uploaded.`;
}
