import { Injectable } from '@nestjs/common';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/** The tokenizer's time grows with the square of a text without spaces; in slices it grows with the text. UTF-16 code units. */
const SLICE = 512;

/** Counts tokens; one count for storing, windowing and the builtin model. */
@Injectable()
export class TokenCounter {
  /** Tokens of a text in the encoding o200k_base, of a long one slice by slice, so a little too many. Text that looks like a special token counts as text. */
  count(text: string): number {
    let tokens = 0;
    for (let from = 0; from < text.length; from += SLICE) tokens += countTokens(text.slice(from, from + SLICE), { disallowedSpecial: new Set() });
    return tokens;
  }
}
