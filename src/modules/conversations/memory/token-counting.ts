/** The beginning of a text. */
export interface TruncatedText {
  readonly text: string;
  /** As `count` counts `text`. */
  readonly tokens: number;
}

/**
 * One way to count tokens. Counts are pure: the same text has the same count for good, and the empty text has none.
 * Time and memory grow with the length of a text, whatever is in it.
 */
export abstract class TokenCounting {
  /** Tokens of a text. Text that looks like a special token counts as text. */
  abstract count(text: string): number;

  /**
   * The longest beginning that this counting can cut off with at most `maxTokens` tokens; the text itself when all of it fits.
   * A character is never cut in two. What is returned does not keep the whole text in memory.
   */
  abstract truncate(text: string, maxTokens: number): TruncatedText;
}

/** What is left where there is room for nothing. */
export const NO_TEXT: TruncatedText = { text: '', tokens: 0 };

/**
 * The same text in memory of its own. A slice of a string keeps the whole string alive: a few words of each of a hundred messages of 1 MB
 * that something remembers are 100 MB.
 */
export function detached(slice: string): string {
  return structuredClone(slice);
}
