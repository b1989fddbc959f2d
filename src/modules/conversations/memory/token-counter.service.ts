import { Injectable } from '@nestjs/common';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/** The tokenizer's time grows with the square of a text without spaces; in slices it grows with the text. UTF-16 code units. */
const SLICE = 512;

const NOTHING_SPECIAL = { disallowedSpecial: new Set<string>() };

/** Texts whose count is remembered, such as those of memory windows: how many, and how long at most. A guess: about 8 MB at the worst. */
const REMEMBERED = 4_096;
const REMEMBERED_LENGTH = 1_024;

/** Counts tokens; one count for storing, windowing and the builtin model. */
@Injectable()
export class TokenCounter {
  /** Oldest first. */
  private readonly counts = new Map<string, number>();

  /** Tokens of a text in the encoding o200k_base, of a long one slice by slice, so a little too many. Text that looks like a special token counts as text. */
  count(text: string): number {
    const known = this.counts.get(text);
    if (known !== undefined) return known;
    const tokens = countSlices(text);
    if (text.length <= REMEMBERED_LENGTH) this.remember(text, tokens);
    return tokens;
  }

  private remember(text: string, tokens: number): void {
    if (this.counts.size >= REMEMBERED) this.counts.delete(this.counts.keys().next().value ?? '');
    this.counts.set(text, tokens);
  }
}

function countSlices(text: string): number {
  let tokens = 0;
  for (let from = 0; from < text.length; from += SLICE) tokens += countTokens(text.slice(from, from + SLICE), NOTHING_SPECIAL);
  return tokens;
}
