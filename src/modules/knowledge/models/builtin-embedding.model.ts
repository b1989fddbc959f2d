import type { EmbeddingModel } from './embedding-model.js';

/** The one embedding model of the provider `builtin`. */
export const BUILTIN_EMBEDDING_NAME = 'builtin/embedding';

const DIMENSIONS = 256;
/** Two words in a row say less than each of them: a guess. */
const PAIR_WEIGHT = 0.5;
/** Scripts that do not part their words: each character is one. */
const UNPARTED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const WORD = new RegExp(`[${UNPARTED}]|(?:(?![${UNPARTED}])[\\p{L}\\p{M}\\p{N}])+`, 'gu');

/**
 * The offline, deterministic model `builtin/embedding`: feature hashing of words and pairs of words into 256 dimensions, of length 1. Texts are
 * near each other when they share words. It knows no meaning: "car" is as far from "automobile" as from "banana".
 *
 * @source K. Weinberger et al., Feature Hashing for Large Scale Multitask Learning, 2009; docs/decisions/0061
 */
export const BUILTIN_EMBEDDING: EmbeddingModel = {
  provider: 'builtin',
  name: BUILTIN_EMBEDDING_NAME,
  endpoint: '',
  embed: (texts, signal) => {
    signal.throwIfAborted();
    const words = texts.map(wordsOf);
    return Promise.resolve({ vectors: words.map(vectorOf), tokens: words.reduce((sum, { length }) => sum + length, 0) });
  },
};

function wordsOf(text: string): readonly string[] {
  return text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
}

/** Zeros for a text without a word. */
function vectorOf(words: readonly string[]): number[] {
  const sums = new Array<number>(DIMENSIONS).fill(0);
  for (const [i, word] of words.entries()) {
    add(sums, word, 1);
    const next = words[i + 1];
    if (next !== undefined) add(sums, `${word} ${next}`, PAIR_WEIGHT);
  }
  const length = Math.hypot(...sums);
  return length === 0 ? sums : sums.map((sum) => sum / length);
}

/** The sign is hashed, too, so that features that meet in one place cancel each other out on average. */
function add(sums: number[], feature: string, weight: number): void {
  const hash = fnv1a(feature);
  const place = hash % DIMENSIONS;
  sums[place] = (sums[place] ?? 0) + (hash >>> 31 === 0 ? weight : -weight);
}

/** @source Fowler, Noll, Vo: FNV-1a, 32 bits, over UTF-8 */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
