import cl100k from 'gpt-tokenizer/encoding/cl100k_base';
import o200k from 'gpt-tokenizer/encoding/o200k_base';
import cl100kTokens from 'gpt-tokenizer/bpeRanks/cl100k_base';
import o200kTokens from 'gpt-tokenizer/bpeRanks/o200k_base';
import { NO_TEXT, TokenCounting, type TruncatedText, detached } from './token-counting.js';

/** What is used of a tokenizer. */
type Tokenizer = Pick<typeof o200k, 'countTokens' | 'encode' | 'setMergeCacheSize'>;

/** A token as text, or as bytes where it is a part of a character. */
type Token = string | readonly number[];

/** The tokenizer's time grows with the square of a text without spaces; in slices it grows with the text. UTF-16 code units. */
const SLICE = 512;

const NOTHING_SPECIAL = { disallowedSpecial: new Set<string>() };

/**
 * Pieces of text whose tokens one tokenizer remembers, 10 MB at the worst. More is slower: what it forgets, it finds by walking over what it
 * has forgotten. With its default of 100000, all in use, 1 MiB of Base64 takes 3 s, with 2000 0.6 s; with none, prose takes three times as long.
 */
const REMEMBERED_PIECES = 2_000;

/** Counts as models of OpenAI do: exactly up to 512 code units, then slice by slice and so a little too many. */
export class BytePairCounting extends TokenCounting {
  /** @param tokens the text of every token, by its number */
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly tokens: readonly Token[],
  ) {
    super();
    tokenizer.setMergeCacheSize(REMEMBERED_PIECES);
  }

  count(text: string): number {
    let tokens = 0;
    for (const slice of slicesOf(text)) tokens += this.tokenizer.countTokens(slice, NOTHING_SPECIAL);
    return tokens;
  }

  /** Cuts between two tokens, and where a token is a part of a character, before that character. */
  truncate(text: string, maxTokens: number): TruncatedText {
    let [length, tokens] = [0, 0];
    for (const slice of slicesOf(text)) {
      const counted = this.tokenizer.countTokens(slice, NOTHING_SPECIAL);
      if (tokens + counted > maxTokens) {
        const kept = this.truncateSlice(slice, maxTokens - tokens);
        return { text: detached(text.slice(0, length + kept.text.length)), tokens: tokens + kept.tokens };
      }
      length += slice.length;
      tokens += counted;
    }
    return { text, tokens };
  }

  /** The beginning of a text is mostly made of the same tokens as in the text, but need not be: so it is counted, and cut shorter until it fits. */
  private truncateSlice(slice: string, maxTokens: number): TruncatedText {
    const lengths = this.tokenizer.encode(slice, NOTHING_SPECIAL).map((token) => tokenBytes(this.tokens[token] ?? ''));
    for (let kept = Math.trunc(maxTokens); kept > 0; kept--) {
      const bytes = lengths.slice(0, kept).reduce((sum, length) => sum + length, 0);
      const text = firstBytes(slice, bytes);
      const tokens = this.tokenizer.countTokens(text, NOTHING_SPECIAL);
      if (tokens <= maxTokens) return { text, tokens };
    }
    return NO_TEXT;
  }
}

/** gpt-4o and later, o1 and later, gpt-oss. */
export const o200kCounting = new BytePairCounting(o200k, o200kTokens);

/** gpt-4 and gpt-3.5. It takes 40 ms of the start and 6 MB. */
export const cl100kCounting = new BytePairCounting(cl100k, cl100kTokens);

/** In memory of their own: the tokenizer remembers parts of them. */
function* slicesOf(text: string): Generator<string> {
  if (text.length <= SLICE) {
    if (text !== '') yield text;
    return;
  }
  for (let from = 0; from < text.length; ) {
    const to = isInsideCharacter(text, from + SLICE) ? from + SLICE - 1 : from + SLICE;
    yield detached(text.slice(from, to));
    from = to;
  }
}

function isInsideCharacter(text: string, index: number): boolean {
  return (text.codePointAt(index - 1) ?? 0) > 0xff_ff;
}

/** The characters that lie wholly in the first bytes of a text in UTF-8. */
function firstBytes(text: string, bytes: number): string {
  let [length, left] = [0, bytes];
  for (const character of text) {
    left -= utf8Bytes(character.codePointAt(0) ?? 0);
    if (left < 0) break;
    length += character.length;
  }
  return text.slice(0, length);
}

function tokenBytes(token: Token): number {
  return typeof token === 'string' ? Buffer.byteLength(token) : token.length;
}

function utf8Bytes(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x8_00) return 2;
  return codePoint < 0x1_00_00 ? 3 : 4;
}
