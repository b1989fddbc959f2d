import { Injectable } from '@nestjs/common';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';

/** Counts tokens; one count for storing, windowing and the builtin model. */
@Injectable()
export class TokenCounter {
  /** Tokens of a text in the encoding o200k_base. Text that looks like a special token counts as text. */
  count(text: string): number {
    return countTokens(text, { disallowedSpecial: new Set() });
  }
}
