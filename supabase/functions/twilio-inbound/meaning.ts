import { FOREIGN_STOP, FOREIGN_UNSUBSCRIBE, says } from './foreign_words.ts';
import { wordsOf } from './words.ts';

/** The meaning of a recipient's message; staff read other, and decide unclear, which may be an opt-out. */
export type Meaning = 'opt_in' | 'opt_out' | 'unclear' | 'help' | 'other';

/** What Twilio says a message was, where Advanced Opt-Out is on. */
export type OptOutType = 'STOP' | 'START' | 'HELP';

const TOLD: Record<OptOutType, Meaning> = { STOP: 'opt_out', START: 'opt_in', HELP: 'help' };

/** The meaning when a parameter is repeated: a STOP among its values wins. */
export function meaningOfAll(bodies: string[], optOutTypes: string[] = []): Meaning {
  const told = optOutTypes.filter((type): type is OptOutType => type in TOLD);
  const meanings = [
    ...told.map((type) => TOLD[type]),
    ...(told.length > 0 ? [] : bodies.map((body) => meaningOf(body))),
  ];
  return meanings.find((meaning) => meaning === 'opt_out') ?? meanings.at(-1) ?? 'other';
}

/**
 * Reads a message. Opting out has the first word: the law wants a revocation by any reasonable means honoured. Opting in and help
 * must be said plainly. A stop word in a sentence about something else ("I need to cancel my appointment") is unclear.
 */
export function meaningOf(body: string, optOutType?: OptOutType): Meaning {
  if (optOutType) return TOLD[optOutType];
  if (TAPBACK.test(body)) return 'other';
  const words = wordsOf(body);
  const stop = saysStop(words);
  if (STOP_MESSAGES.has(words) || WANTS_OUT.some((pattern) => pattern.test(words)) || stop === 'opt_out') {
    return 'opt_out';
  }
  if (stop === 'unclear') return 'unclear';
  if (START_MESSAGES.has(words)) return 'opt_in';
  if (HELP_MESSAGES.has(words)) return 'help';
  return FOREIGN_STOP.some((word) => says(words, word)) ? 'unclear' : 'other';
}

/** Whether Twilio answers a message by itself: only keywords that are the whole message. */
export function isTwiliosKeyword(body: string): boolean {
  return TWILIOS_KEYWORDS.has(body.trim().toUpperCase());
}

const TWILIOS_KEYWORDS = new Set(
  'STOP STOPALL UNSUBSCRIBE END QUIT REVOKE OPTOUT CANCEL START YES UNSTOP HELP INFO'.split(' '),
);

// A phone that cannot show a reaction sends it as a text that quotes ours, and ours says STOP.
const TAPBACK =
  /^\s*\p{Cf}*(liked|loved|disliked|laughed at|emphasi[sz]ed|questioned|reacted \S+ to|removed an? .{1,12} from)\s+["“«]/iu;

const either = (text: string) => new Set(text.split(/[|\n]/).map((message) => message.trim()));

// As whole messages; misspellings are those that fingers make of the keywords.
const STOP_MESSAGES = either(`stop | stopall | stop all | unsubscribe | end | quit | revoke | optout | opt out | cancel
  remove | unsub | off | no | nope | no thanks | no thank you | out | enough | halt | delete | spam
  stopp | stahp | stpo | sotp | tsop | stope | stoo | sto | stp | cancle | unsubcribe | unsuscribe | unsubscibe
  alto | parar | pare | basta | baja | cancelar | detener | arret | arreter`);

[...FOREIGN_UNSUBSCRIBE, ...FOREIGN_STOP].forEach((message) => STOP_MESSAGES.add(message));

const START_MESSAGES = either(
  'yes | start | unstop | yes please | yes start | start yes | yes i agree | start please | please start | opt in | optin | opt me in',
);

const HELP_MESSAGES = either(
  'help | info | help me | help please | help me please | please help | please help me | ayuda | aide',
);

const MESSAGES = '(texts?|texting|txts?|messages?|messaging|msgs?|sms|mms|spam|notifications?|alerts?|ads)';
const CONTACT = '(text|txt|message|msg|sms|contact|send|write|bother|ping|spam|notify|disturb|harass|reach)';

// Plain language that says none of the words that the law names.
const WANTS_OUT = [
  /\b(take|get|remove|delete|scrub|drop|keep) (me|us|my (name|(phone|cell|mobile)?( ?number)?)|this (number|phone)) (off|out|from|of)\b/,
  /\b(remove|delete|unenroll|deregister|unregister) (me|us|my|this (number|phone))\b/,
  new RegExp(
    `\\b(no|zero) (more|further|other) (of )?(these |those |your |such )?(${MESSAGES}|please|calls?|contact)\\b`,
  ),
  /^no more\b/,
  new RegExp(`(?<!\\b(why|you|they|it|we) )\\b(dont|do not|never|please not) (ever |you dare |please )?${CONTACT}\\b`),
  new RegExp(
    `\\b(dont|do not|no longer) (want|wish|need|like|care)\\b.*\\b(${MESSAGES}|contacted|texted|messaged|anymore)\\b`,
  ),
  /\b(dont|do not|no longer) (want|wish) (any(thing)? )?(more|this|these|those|it|them)\b/,
  /\b(do not|dont|no longer) (consent|agree|authorize|have my (consent|permission))\b/,
  /\b(withdraw|rescind|retract|take back)( all)?( of)? (my|any|the) (consent|permission|authorization)\b/,
  /\b(no longer|not) interested\b|\bwant (out|off)\b|\bopt(ing|ed)? (me |us )?out\b/,
  /(?<!\b(dont|do not) )\b(unsub\w*|unsuscri\w*)\b/,
  /\b(never|didnt|did not|dont|do not) (sign(ed)? up|subscribed?|ask(ed)?) (for|to) (this|these|that|those|any|your)\b/,
  /\b(leave (me|us) alone|lose (my|this) number|go away|get lost|cease|desist|discontinue|do not disturb)\b/,
  /\bwrong (number|person|phone|guy)\b|\bnot (my|the right) number\b/,
  new RegExp(
    `\\b(turn|switch|shut) (off|down)\\b.*\\b${MESSAGES}\\b|\\b${MESSAGES} off\\b|\\bstopping\\b.*\\b${MESSAGES}\\b`,
  ),
  new RegExp(
    `\\benough (already|of|with|${MESSAGES})|\\b(this|it|is|your|reporting|reported)( is| as)? spam\\b(?! folder)`,
  ),
  // "Don't call me, text me" is no opt-out of texts.
  /(?<!\b(why|you|they|it|we) )\b(dont|do not|never) (ever )?(call|phone|ring) (me|us)\b(?!.*\b(text|txt|message|sms) (me|us)\b)/,
  /\b(ya )?no (quiero|deseo|necesito|me (mande|manden|mandes|envie|envien|envies|escriba|escriban|contacte|contacten))\b/,
  /\b(deja|deje|dejen|para|paren) de\b|\b(dar|darme|den|denme|deme) de baja\b|\bno mas\b|\b(borra|borre|borren|quita|quite|quiten)(r)?me\b/,
  /\b(fuck|piss|buzz|screw|bugger|back) off\b|\bfuck you\b/,
];

// Words that are an opt-out wherever they stand, says the FCC.
const STOP_WORDS = /\b(stop|stopall|quit|end|revoke|cancel|unsubscribe|optout)\b/g;

// "Please don't stop", but not "why don't you stop" and not "you never stop".
const NEGATED = /(?<!\b(why|you|they|it|we|u) )\b(dont|do not|never|cant|cannot|can not|non)( ever)? $/;

// Said of places, and of the end of something.
const STOP_BY = /^ (by|over|in at)\b/;
const A_STOP = /\b(bus|train|subway|pit|tram) $/;
const AN_END = /\b(the|an|this|that|week|year|month|front|back|dead|open|high|low|other|rear|tail) $/;
const END_OF = /^ (of|user|up|result|results|date)\b/;
const WHEN_IT_ENDS = /\bwhen (do|does) .*$/;

// Words with other uses, too: an opt-out only when alone, or when they name messages or no other object.
const LOOSE = /^(cancel|end|quit|revoke)$/;
const OF_NOTHING_ELSE = new RegExp(
  '^( (it|this|that|these|those|all|me|us|them|everything|please|pls|plz|now|already|immediately|asap|today|ok|okay|thanks|thank|you|' +
    'and|my|the|your|any|of|from|for|to|sending|' +
    `subscriptions?|memberships?|consent|permission|authorization|enrol?lment|service|program|list|plan|${MESSAGES}))*$`,
);
const ELSEWHERE =
  /\b(appointments?|orders?|reservations?|bookings?|visits?|meetings?|deliver(y|ies)|flights?|cards?)\b/;

function saysStop(words: string): 'opt_out' | 'unclear' | null {
  if (FOREIGN_UNSUBSCRIBE.some((word) => says(words, word))) return 'opt_out';
  const found = Array.from(words.matchAll(STOP_WORDS), ({ 0: word, index }) => {
    const before = words.slice(0, index);
    const after = words.slice(index + word.length);
    if (NEGATED.test(before)) return null;
    if (word === 'stop') return !STOP_BY.test(after) && !A_STOP.test(before) ? 'opt_out' : null;
    if (word === 'end' && (AN_END.test(before) || WHEN_IT_ENDS.test(before) || END_OF.test(after))) return null;
    if (!LOOSE.test(word)) return 'opt_out';
    const isAboutMessages = new RegExp(`\\b${MESSAGES}\\b`).test(after) || !ELSEWHERE.test(words);
    return OF_NOTHING_ELSE.test(after) && isAboutMessages ? 'opt_out' : 'unclear';
  });
  return found.find((meaning) => meaning === 'opt_out') ?? found.find(Boolean) ?? null;
}
