import { Injectable } from '@nestjs/common';
import { MemorySettings } from '../../../shared/config/index.js';
import { o200kCounting } from './byte-pair-counting.js';
import { countingOf } from './model-counting.js';
import type { TokenCounting, TruncatedText } from './token-counting.js';
import { WordEstimate } from './word-estimate.js';

/** Texts whose count is remembered for each way of counting, such as those of memory windows: how many, and how long at most. A guess: about 8 MB at the worst. */
const REMEMBERED = 4_096;
const REMEMBERED_LENGTH = 1_024;

const estimate = new WordEstimate();

/** Counts tokens as a model does, or as near to it as is known; one count for storing, windowing and the builtin model. */
@Injectable()
export class TokenCounter {
  private readonly counts = new Map<TokenCounting, Map<string, number>>();

  constructor(private readonly settings: MemorySettings) {}

  /** Tokens of a text for that model. */
  count(text: string, model: string): number {
    const counting = this.countingOf(model);
    if (text.length > REMEMBERED_LENGTH) return counting.count(text);
    const counts = this.countsOf(counting);
    const known = counts.get(text);
    if (known !== undefined) return known;
    const tokens = counting.count(text);
    // Oldest first.
    if (counts.size >= REMEMBERED) counts.delete(counts.keys().next().value ?? '');
    counts.set(text, tokens);
    return tokens;
  }

  /** The longest beginning of a text that is at most `maxTokens` tokens for that model; the text itself when all of it fits. */
  truncate(text: string, model: string, maxTokens: number): TruncatedText {
    return this.countingOf(model).truncate(text, maxTokens);
  }

  private countingOf(model: string): TokenCounting {
    switch (this.settings.tokenCounting) {
      case 'auto':
        return countingOf(model) ?? estimate;
      case 'tokenizer':
        return countingOf(model) ?? o200kCounting;
      case 'estimate':
        return estimate;
    }
  }

  private countsOf(counting: TokenCounting): Map<string, number> {
    const known = this.counts.get(counting);
    if (known) return known;
    const counts = new Map<string, number>();
    this.counts.set(counting, counts);
    return counts;
  }
}
