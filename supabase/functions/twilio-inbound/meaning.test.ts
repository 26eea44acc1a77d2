import assert from 'node:assert/strict';
import { isTwiliosKeyword, type Meaning, meaningOf, meaningOfAll } from './meaning.ts';

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
  const around = [
    '@.',
    '@!!!',
    '"@"',
    '“@”',
    "'@'",
    '@?',
    '(@)',
    '*@*',
    '-@-',
    '@,',
    '@…',
    '@ 🙏',
    '🛑 @ 🛑',
    ' @ ',
    '\n@\r\n',
    '\t@',
  ];
  const unseen = ['\u00a0@\u00a0', '\u200b@\u200b', '\ufeff@', '\u202e@', '@\0'];
  return [
    ...[word, capital, word.toUpperCase()],
    ...[...around, ...unseen].flatMap((dress) => [word, capital].map((wearer) => dress.replace('@', wearer))),
    ...[' ', '.', '-', ' . '].map((between) => word.split('').join(between)),
    ...[0xff41, 0x1d41a, 0x24d0].map((first) => shifted(first).join('')),
    word.replace(/[aeiou]/, (vowel) => `${vowel}\u0301`),
    word.replaceAll('o', 'о').replaceAll('e', 'е').replaceAll('p', 'р').replaceAll('c', 'с').replaceAll('s', 'ѕ'),
  ];
}

for (const [meaning, words] of Object.entries(KEYWORDS)) {
  Deno.test(`meaningOf: keywords of ${meaning} in any spelling → ${meaning}`, () => {
    for (const word of words.split(' ')) {
      for (const body of dresses(word)) assert.equal(meaningOf(body), meaning, JSON.stringify(body));
    }
  });
}

/** Messages, one a line or between bars. */
const messages = (text: string) => text.split(/\n|\|/).map((message) => message.trim()).filter(Boolean);

const CORPUS: [Meaning, string[]][] = [
  [
    'opt_out',
    [
      ...messages(`
        opt out | OPT-OUT | Opt out. | opt me out | OPT ME OUT PLEASE | opting out | OPTOUT please | stop all | STOP ALL!
        ST0P | stooooop | STOPPP | ѕtор | ｓｔｏｐ | Ⓢⓣⓞⓟ | 𝐒𝐓𝐎𝐏 | ꜱᴛᴏᴘ | s t o p | S.T.O.P. | stop 👎 | STPO | sotp | unsubcribe
        stop please | Please stop | pls stop | stop it | Stop now! | STOP STOP STOP | ok stop | Yes stop | I said STOP | will you stop?
        stop texting me | please stop texting me | Please stop sending me these messages | Stop. Thanks | Thanks but stop
        Hi, I would like to stop receiving these. Thank you | STOP ALL MESSAGES TO THIS PHONE IMMEDIATELY
        take me off your list | Take me off this list | get me off of this | take my number off | take me off
        remove me | Remove my number | delete my number | remove me from your list | please remove my number from your database
        no more | no more messages | No more texts | no more of these messages please | no further messages | no more, please
        don't text me | Dont text me again | DON’T TEXT ME | do not text me | never text me again | please don't message me
        Don't contact me anymore | do not contact | do not send me anything | don't send any more | don't call me | do not disturb
        I don't want these messages | i do not want to receive texts | I no longer want these messages | don't want this
        I want to unsubscribe | unsubscribe me | how do i unsubscribe | please unsubscribe me from this | UNSUBSCRIBED
        quit texting me | please quit | cancel please | Cancel my subscription | cancel this | I want to cancel
        end this | please end | end texts | END NOW | please go ahead and end this
        I revoke my consent | I revoke | I withdraw my consent | I do not consent | You do not have my permission
        no longer interested | Not interested | leave me alone | Lose my number | go away | I want out | enough already
        wrong number | You have the wrong number | cease and desist | discontinue | turn off these messages
        why don't you stop | you never stop, do you | if you don't stop I will sue | you don't stop texting me
        don't text me, stop | don't stop by, and stop texting | this is spam | reporting as spam | fuck off | no | No thanks | nope
        ALTO | parar | no más | no quiero mensajes | no me escriban | ya no quiero esto | dejen de mandar | dar de baja
        Denme de baja por favor | borrarme de la lista | quítenme de la lista | arrêt | ARRÊTER
        I quit | I'd like to cancel | I want off this list | take my name off | stahp
        I never signed up for this | I didn't sign up for these texts | did not ask for this | please unsubscribe`),
      'Stop\n\nSent from my iPhone',
      'Hello,\nplease take me off\nyour list.',
    ],
  ],
  [
    'opt_out',
    messages(`
      стоп | Стоп! | СТОП | отмена | отписаться | Отпишите меня, пожалуйста | відписатися | 取消 | 取消。 | 停止 | 退订 | 請退訂 | 配信停止してください
      abmelden | Bitte abmelden | ABMELDEN! | Stopp | kündigen | désabonner | me désabonner svp | annuler | afmelden | uitschrijven
      darme de baja | cancelar | sair | disiscriviti | annulla | iptal | dur | 수신거부 | 수신 거부 부탁드립니다 | 중지 | توقف | إلغاء الاشتراك | הסר | ยกเลิก | หยุด
      hủy | dừng lại | berhenti | batal | रोकें | बंद करें | wypisz mnie | przestań | avsluta prenumeration | στοπ`),
  ],
  [
    'unclear',
    messages(`
      I need to cancel my appointment | can I cancel my appointment? | The appointment: please cancel it | cancel my order please
      please cancel the delivery | I quit smoking | I quit my job | revoke my parking permit | how do I end the call session
      Ich möchte meinen Termin kündigen | Quiero cancelar mi cita | нужна отмена записи | 我要取消预约 | 예약을 취소하고 싶어요 | je dois annuler mon rendez-vous`),
  ],
  [
    'opt_in',
    messages('Yes please | YES! | Yes 👍 | start. | Unstop | Yes, I agree | START please | Opt in | opt me in!'),
  ],
  ['help', messages('HELP! | help me | Help please | help me please | info? | ayuda')],
  [
    'other',
    [
      ...messages(`
        Please don't stop | don't stop | do not stop | never stop | don't ever stop sending gifts | can't stop smiling
        stopped by the store | I stopped by the store and the card did not work | I'll stop by the store tomorrow | stop by later?
        which bus stop is it? | nonstop | non-stop flights? | the card stopped working | my order was cancelled
        see you at the weekend | when is the end of the offer? | at the end of the month | until end of day | in the end it worked
        Thanks! | ok | Who is this? | the code does not work | yesterday | yes but which store? | I need help with my card
        when does my card arrive | start date? | information about my card | My recommendation: a friend | sender? | quite nice
        I didn't get the text | can you text me the code again | why did you not send it | I have not received my message
        don't call me, text me instead | please don't quit | why don't you text me? | cancellation policy? | ann@example.com
        Liked “Acme: your card. Reply STOP to cancel.” | Loved "Reply HELP for help, STOP to cancel" | Laughed at “Reply STOP”
        Disliked “Reply STOP to cancel” | Reacted 👍 to “Reply STOP to cancel”
        please do not unsubscribe me | don't stop sending these | when does the offer end? | I did not ask for a PIN
        I spend it | friend | attend | gracias | sí | 👍 | 1 | Y | 🎁🎁`),
      '',
      '   ',
    ],
  ],
];

for (const [meaning, bodies] of CORPUS) {
  Deno.test(`meaningOf: ${bodies[0]} and ${bodies.length - 1} other messages → ${meaning}`, () => {
    const misread = bodies.filter((body) => meaningOf(body) !== meaning).map((body) => `${meaningOf(body)}: ${body}`);
    assert.deepEqual(misread, []);
  });
}

Deno.test("meaningOf: Twilio's own OptOutType → counts, whatever the text", () => {
  assert.equal(meaningOf('ADIOS', 'STOP'), 'opt_out');
  assert.equal(meaningOf('hola', 'START'), 'opt_in');
  assert.equal(meaningOf('stop?', 'HELP'), 'help');
});

Deno.test('isTwiliosKeyword: a keyword as the whole message → true', () => {
  for (const body of ['STOP', 'stop', ' Stop\n', 'Cancel', 'yes', 'HELP', 'info', 'optout']) {
    assert.ok(isTwiliosKeyword(body), body);
  }
  for (const body of ['stop please', 'opt out', 'stop.', 'helpme', '', 'no']) assert.ok(!isTwiliosKeyword(body), body);
});

Deno.test('meaningOf: a message of any length → linear time', () => {
  const started = performance.now();
  for (const part of ['no more ', 'dont want ', 'stop by ', 'never ', 'a', '\u0301', '😀', 'take me ']) {
    meaningOf(part.repeat(400));
  }
  assert.ok(performance.now() - started < 500);
});

Deno.test('meaningOfAll: a parameter that comes twice → a STOP among its values is kept', () => {
  assert.equal(meaningOfAll(['STOP', 'thanks']), 'opt_out');
  assert.equal(meaningOfAll(['thanks', 'STOP']), 'opt_out');
  assert.equal(meaningOfAll(['START', 'yes']), 'opt_in');
  assert.equal(meaningOfAll(['hi'], ['STOP', 'START']), 'opt_out');
  assert.equal(meaningOfAll(['stop?'], ['HELP']), 'help');
  assert.equal(meaningOfAll(['hi'], ['SOMETHING']), 'other');
  assert.equal(meaningOfAll([]), 'other');
});
