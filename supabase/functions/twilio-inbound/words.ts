// Letters of other scripts that look like ours; the rest NFKD folds.
const LOOKALIKES = new Map(
  Array.from(
    'аa еe оo рp сc хx уy ѕs іi тt кk мm нn вb пn ԁd ոn υu οo ρp τt εe αa νn սu ʀr ʙb ᴏo ᴘp ᴛt ꜱs ᴇe ɴn ᴄc ᴀa ʟl'.split(
      ' ',
    ),
    ([foreign, ours]) => [foreign, ours],
  ),
);

/** The normalized words of a message: without case, accents, look-alikes, punctuation, spaced-out or repeated letters. */
export function wordsOf(body: string): string {
  const folded = Array.from(
    body.normalize('NFKD').toLowerCase().replace(/[\p{M}\p{Cf}]/gu, '').replace(/['’‘`´ʼ]/g, ''),
    (character) => LOOKALIKES.get(character) ?? character,
  ).join('');
  const words = folded.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
  const joined = /^\p{L}( \p{L})+$/u.test(words) ? words.replaceAll(' ', '') : words;
  return joined.replace(/\S+/g, plainly);
}

// "st0p" and "stoooop" are "stop"; other words stay as they are.
function plainly(word: string): string {
  const plain = word.replaceAll('0', 'o').replaceAll('$', 's').replace(/([a-z])\1{2,}/g, '$1');
  return /^(stop|quit|cancel|unsubscribe|end|yes|help)$/.test(plain) ? plain : word;
}
