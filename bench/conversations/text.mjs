/** Ordinary English in about the order of its frequency, then what support of a shop talks about. */
const WORDS = `the to you and of a is in it for that your we on this with can have be not are if or as will at by from our please when one
do order what has but any also so there time just which would may all been then use new out they check more day see page before after could
should here get let account need want send card name email number know them back two other first how about only make today sure was find
change delivery address payment was email price day week still into over than some same both next last long way work once item parcel refund
return customer service team help question answer problem reason note link form code button screen list date month hour minute morning evening
store product size colour model version update setting password phone message letter copy invoice receipt amount total balance bank charge fee
discount voucher offer stock warehouse courier driver label tracking status package box damage repair part battery cable charger guarantee
manual step option choice example detail record history report policy rule limit country city street house door office visit call wait try open
close start stop move keep hold put take give show tell ask write read click press choose enter confirm cancel replace remove add save load
print scan sign pay cover include exclude allow refuse accept reach follow arrive leave happen fail succeed expect promise apologise thank
understand believe remember forget explain describe mention suggest recommend arrange collect deliver ship dispatch track receive inspect test
compare measure count quick slow early late possible available correct wrong different similar separate complete partial free extra usual normal
special small large heavy light open sealed original electronic digital personal private public secure safe clear simple difficult important
urgent recent previous following current final several many few every another each enough between within without during until since because
although however therefore otherwise already always never often sometimes usually probably perhaps certainly directly immediately automatically`.split(/\s+/);

const USER_LENGTH = 400;
const ASSISTANT_LENGTH = 1_200;
/** A sentence ends beyond the length that is wanted by about half of its own. */
const HALF_SENTENCE = 32;
const SENTENCE = { shortest: 6, longest: 19 };

/**
 * Questions and answers in English-like text: the same ones for the same seed. A question has 400 characters on average, an answer 1 200,
 * each between a fifth and nine fifths of that.
 *
 * @param {number} count
 * @param {number} [seed]
 * @returns {{ user: string, assistant: string }[]}
 */
export function makeTurns(count, seed = 1) {
  const random = randomOf(seed);
  return Array.from({ length: count }, () => ({ user: makeText(random, USER_LENGTH, '?'), assistant: makeText(random, ASSISTANT_LENGTH, '.') }));
}

/** The messages of some turns, oldest first. */
export function messagesOf(turns) {
  return turns.flatMap(({ user, assistant }) => [{ role: 'user', content: user }, { role: 'assistant', content: assistant }]);
}

function makeText(random, meanLength, end) {
  const length = meanLength * (0.2 + 1.6 * random()) - HALF_SENTENCE;
  let text = makeSentence(random, end);
  while (text.length < length) text += (random() < 0.2 ? '\n\n' : ' ') + makeSentence(random, '.');
  return text;
}

function makeSentence(random, end) {
  const count = SENTENCE.shortest + Math.floor(random() * (SENTENCE.longest - SENTENCE.shortest));
  const words = Array.from({ length: count }, (_, i) => makeWord(random) + (i < count - 1 && random() < 0.08 ? ',' : ''));
  const text = words.join(' ');
  return text[0].toUpperCase() + text.slice(1) + end;
}

/** One in thirty is a number; the others follow Zipf's law. */
function makeWord(random) {
  if (random() < 1 / 30) return String(Math.floor(10 ** (1 + 5 * random())));
  return WORDS[Math.floor(WORDS.length ** random()) - 1];
}

/** @source mulberry32 by Tommy Ettinger, public domain: 32 bits of state, good enough for texts */
function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
