import { TokenCounting, type TruncatedText, detached } from './token-counting.js';

const TOKENS_PER_WORD = 1.33;

const WORD = /\S+/gu;

/** A character that is a token of its own: of a script that most models split to its characters or finer, with its punctuation; an emoji. */
const LONE =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tibetan}\p{Extended_Pictographic}\p{Regional_Indicator}]/gu;

const ZERO_WIDTH_JOINER = '\u200d';

/** Belongs to the character before it: a vowel sign, the joiner of emoji. */
const CONTINUATION = /[\p{M}\u200d]/u;

/**
 * Counts words, for models whose tokenizer is not known: the whole part of words × 1.33, or the characters of scripts without spaces
 * (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan; Korean too, whose words are long in tokens) and emoji if these are more.
 * The two are not added up: a text half English, half Chinese counts too few. So does one long word, such as Base64: it is one word.
 *
 * @source seed 003, `MemoryManager`: `int(words × 1.33)`. It takes a Chinese text for one word; the second term is ours.
 */
export class WordEstimate extends TokenCounting {
  count(text: string): number {
    return Math.max(tokensOf(text.match(WORD)?.length ?? 0), text.match(LONE)?.length ?? 0);
  }

  /** Cuts behind a word, or between two characters of scripts without spaces. */
  truncate(text: string, maxTokens: number): TruncatedText {
    let [words, lone, end] = [0, 0, 0];
    for (const { 0: word, index } of text.matchAll(WORD)) {
      words += 1;
      if (tokensOf(words) > maxTokens) return this.beginning(text, end);
      const inWord = loneIndices(word);
      const firstOver = inWord[Math.trunc(maxTokens) - lone];
      if (firstOver !== undefined) return this.beginning(text, cutBefore(word, firstOver) > 0 ? index + cutBefore(word, firstOver) : end);
      lone += inWord.length;
      end = index + word.length;
    }
    return { text, tokens: this.count(text) };
  }

  private beginning(whole: string, length: number): TruncatedText {
    const text = detached(whole.slice(0, length));
    return { text, tokens: this.count(text) };
  }
}

function tokensOf(words: number): number {
  return Math.floor(words * TOKENS_PER_WORD);
}

function loneIndices(word: string): number[] {
  const indices: number[] = [];
  for (const { index } of word.matchAll(LONE)) indices.push(index);
  return indices;
}

/** The index, or an earlier one where no vowel sign and no part of a joined emoji is parted from what it belongs to. */
function cutBefore(word: string, index: number): number {
  let cut = index;
  while (cut > 0 && continues(word, cut)) cut -= (word.codePointAt(cut - 2) ?? 0) > 0xff_ff ? 2 : 1;
  return cut;
}

function continues(word: string, index: number): boolean {
  return word.charAt(index - 1) === ZERO_WIDTH_JOINER || CONTINUATION.test(word.charAt(index));
}
