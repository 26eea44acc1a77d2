import assert from 'node:assert/strict';
import { isTwiliosKeyword, type Meaning, meaningOf } from './meaning.ts';

// The keywords that the law, the carriers and Twilio name.
const KEYWORDS: Record<string, string> = {
  opt_out: 'stop stopall unsubscribe end quit revoke optout cancel',
  opt_in: 'yes start unstop',
  help: 'help info',
};

/** A keyword as people and their keyboards write it. */
function dresses(word: string): string[] {
  const capital = word[0].toUpperCase() + word.slice(1);
  const shifted = (from: number) =>
    Array.from(word, (letter) => String.fromCodePoint(letter.charCodeAt(0) - 97 + from));
  return [
    ...[
      word,
      word.toUpperCase(),
      capital,
      `${word}.`,
      `${capital}!`,
      `${word}!!!`,
      `"${word}"`,
      `“${capital}”`,
      `'${word}'`,
    ],
    ...[
      `${word}?`,
      `(${word})`,
      `*${word}*`,
      `-${word}-`,
      `${word},`,
      `${word} 🙏`,
      `🛑 ${word.toUpperCase()} 🛑`,
      `${word}…`,
    ],
    ...[
      ` ${word} `,
      `\n${word}\r\n`,
      `\t${word}`,
      `\u00a0${word}\u00a0`,
      `\u200b${word}\u200b`,
      `\ufeff${word}`,
      `\u202e${word}`,
    ],
    ...[word.split('').join(' '), word.toUpperCase().split('').join('.'), word.split('').join('-')],
    ...[shifted(0xff41).join(''), shifted(0x1d41a).join(''), shifted(0x24d0).join('')],
    ...[
      `${word[0]}${word.slice(1).replace(/([aeiou])/, '$1\u0301')}`,
      word.replaceAll('o', '\u043e').replaceAll('e', '\u0435'),
    ],
    ...[word.replaceAll('p', '\u0440').replaceAll('c', '\u0441').replaceAll('s', '\u0455')],
  ];
}

for (const [meaning, words] of Object.entries(KEYWORDS)) {
  Deno.test(`meaning: each keyword of ${meaning} is known in every dress`, () => {
    for (const word of words.split(' ')) {
      for (const body of dresses(word)) assert.equal(meaningOf(body), meaning, JSON.stringify(body));
    }
  });
}

const CORPUS: [Meaning, string[]][] = [
  ['opt_out', [
    ...[
      'opt out',
      'OPT-OUT',
      'Opt out.',
      'opt me out',
      'OPT ME OUT PLEASE',
      'stop all',
      'STOP ALL!',
      'ST0P',
      'stooooop',
      'STOPPP',
    ],
    ...[
      'stop please',
      'Please stop',
      'pls stop',
      'stop it',
      'Stop now!',
      'STOP STOP STOP',
      'ok stop',
      'Yes stop',
      'stop texting me',
    ],
    ...[
      'please stop texting me',
      'Please stop sending me these messages',
      'I said STOP',
      'will you stop?',
      'Stop. Thanks',
    ],
    ...[
      'take me off your list',
      'Take me off this list',
      'get me off of this',
      'remove me',
      'Remove my number',
      'delete my number',
    ],
    ...['remove me from your list', 'please remove my number from your database', 'take my number off', 'take me off'],
    ...[
      'no more messages',
      'No more texts',
      'no more',
      'no more of these messages please',
      'no further messages',
      'no more, please',
    ],
    ...[
      "don't text me",
      'Dont text me again',
      'do not text me',
      "Don't contact me anymore",
      'do not contact',
      'never text me again',
    ],
    ...["please don't message me", 'DON’T TEXT ME', 'do not send me anything', "don't send any more"],
    ...[
      "I don't want these messages",
      'i do not want to receive texts',
      'I no longer want these messages',
      "don't want this",
    ],
    ...[
      'I want to unsubscribe',
      'unsubscribe me',
      'how do i unsubscribe',
      'please unsubscribe me from this',
      'UNSUBSCRIBED',
    ],
    ...[
      'quit texting me',
      'please quit',
      'cancel please',
      'Cancel my subscription',
      'cancel this',
      'I want to cancel',
      'end this',
    ],
    ...[
      'please end',
      'end texts',
      'END NOW',
      'I revoke my consent',
      'I revoke',
      'I withdraw my consent',
      'I do not consent',
    ],
    ...[
      'You do not have my permission',
      'no longer interested',
      'Not interested',
      'leave me alone',
      'Lose my number',
      'go away',
    ],
    ...[
      'wrong number',
      'You have the wrong number',
      'cease and desist',
      'discontinue',
      'turn off these messages',
      'I want out',
    ],
    ...["why don't you stop", 'you never stop, do you', "if you don't stop I will sue", "you don't stop texting me"],
    ...["don't text me, stop", 'do not disturb', 'this is spam', 'reporting as spam', 'fuck off', 'enough already'],
    ...[
      'STPO',
      'sotp',
      'unsubcribe',
      'ALTO',
      'parar',
      'arrêt',
      'ARRÊTER',
      'no',
      'No thanks',
      'nope',
      'opting out',
      'OPTOUT please',
    ],
    ...[
      'Stop\n\nSent from my iPhone',
      'stop 👎',
      'Thanks but stop',
      'Hi, I would like to stop receiving these. Thank you',
    ],
    ...[
      'can I cancel my appointment?',
      'STOP ALL MESSAGES TO THIS PHONE IMMEDIATELY',
      'ѕtор',
      'ｓｔｏｐ',
      'Ⓢⓣⓞⓟ',
      '𝐒𝐓𝐎𝐏',
      'ꜱᴛᴏᴘ',
    ],
  ]],
  ['opt_in', ['Yes please', 'YES!', 'Yes 👍', 'start.', 'un stop'.replace(' ', ''), 'Yes, I agree']],
  ['help', ['HELP!', 'help me', 'Help please', 'info?', 'ayuda']],
  ['other', [
    ...[
      "Please don't stop",
      "don't stop",
      'do not stop',
      'never stop',
      "don't ever stop sending gifts",
      "can't stop smiling",
    ],
    ...[
      'stopped by the store',
      'I stopped by the store and the card did not work',
      "I'll stop by the store tomorrow",
      'stop by later?',
    ],
    ...['which bus stop is it?', 'nonstop', 'non-stop flights?', 'the card stopped working', 'my order was cancelled'],
    ...[
      'see you at the weekend',
      'when is the end of the offer?',
      'at the end of the month',
      'until end of day',
      'in the end it worked',
    ],
    ...[
      'Thanks!',
      'ok',
      'Who is this?',
      'the code does not work',
      'yesterday',
      'yes but which store?',
      'I need help with my card',
    ],
    ...[
      'when does my card arrive',
      'start date?',
      'information about my card',
      'My recommendation: a friend',
      'sender?',
      'quite nice',
    ],
    ...[
      "I didn't get the text",
      'can you text me the code again',
      'why did you not send it',
      'I have not received my message',
    ],
    ...[
      'Liked “Acme: your card. Reply STOP to cancel.”',
      'Loved "Reply HELP for help, STOP to cancel"',
      'Laughed at “Reply STOP”',
    ],
    ...['Disliked “Reply STOP to cancel”', 'Reacted 👍 to “Reply STOP to cancel”', '', '   ', '👍', '1', 'Y', '🎁🎁'],
    ...['I spend it', 'friend', 'attend', 'cancellation policy?', 'my email is stop@example'.replace('stop@', 'ann@')],
  ]],
];

for (const [meaning, bodies] of CORPUS) {
  Deno.test(`meaning: what people write is ${meaning} (${bodies.length} messages)`, () => {
    const misread = bodies.filter((body) => meaningOf(body) !== meaning).map((body) => `${meaningOf(body)}: ${body}`);
    assert.deepEqual(misread, []);
  });
}

Deno.test('meaning: what Twilio has understood counts, in whatever words', () => {
  assert.equal(meaningOf('ADIOS', 'STOP'), 'opt_out');
  assert.equal(meaningOf('hola', 'START'), 'opt_in');
  assert.equal(meaningOf('stop?', 'HELP'), 'help');
});

Deno.test('meaning: Twilio answers its own keywords only, and only as the whole message', () => {
  for (const body of ['STOP', 'stop', ' Stop\n', 'Cancel', 'yes', 'HELP', 'info', 'optout']) {
    assert.ok(isTwiliosKeyword(body), body);
  }
  for (const body of ['stop please', 'opt out', 'stop.', 'helpme', '', 'no']) assert.ok(!isTwiliosKeyword(body), body);
});

Deno.test('meaning: a message of any length and kind is read quickly', () => {
  const started = performance.now();
  for (const part of ['no more ', 'dont want ', 'stop by ', 'never ', 'a', '\u0301', '😀', 'take me ']) {
    meaningOf(part.repeat(400));
  }
  assert.ok(performance.now() - started < 500);
});
