import { Injectable } from '@nestjs/common';
import type { TokenUsage } from '../../../contracts/index.js';
import { type ModelPrice, ModelSettings, parseModelPrices } from '../../../shared/config/index.js';

/** The column is an integer: a run that costs more than 2147 dollars is said to have cost these. */
const MOST_MICROS = 2_147_483_647;

/** What models cost, as the operator has set it. */
@Injectable()
export class ModelPrices {
  private readonly prices: ReadonlyMap<string, ModelPrice>;

  constructor({ modelPrices }: ModelSettings) {
    this.prices = parseModelPrices(modelPrices).prices;
  }

  /** Millionths of a US dollar, rounded up; null for a model without a price. */
  costOf(model: string | undefined, { inputTokens, outputTokens }: Pick<TokenUsage, 'inputTokens' | 'outputTokens'>): number | null {
    const price = model === undefined ? undefined : this.prices.get(model);
    return price === undefined ? null : Math.min(MOST_MICROS, Math.ceil(inputTokens * price.input + outputTokens * price.output));
  }
}
