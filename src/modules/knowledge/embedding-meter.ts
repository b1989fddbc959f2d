import type { ModelProvider, Tier } from '../../contracts/index.js';
import type { Embedded } from './models/embedding-model.js';

/** What a provider puts around a text, tokens. A guess on the high side: the known ones take 2. */
const AROUND_A_TEXT = 4;

/** A call of an embedding model, before it is made. */
export interface EmbeddingCall {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly provider: ModelProvider;
  readonly model: string;
  /** That it may use. */
  readonly maxTokens: number;
}

/** Makes a call, if its tenant may. @throws what keeps the tenant from it, as an AppError; what the call fails with */
export type EmbeddingMeter = (call: EmbeddingCall, ask: () => Promise<Embedded>) => Promise<Embedded>;

/** Tokens that texts can have at the most: their UTF-8 bytes, since no tokenizer makes more of them. */
export function maxTokensOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + AROUND_A_TEXT, 0);
}
