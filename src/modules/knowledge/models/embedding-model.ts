import type { ModelProvider } from '../../../contracts/index.js';

/** What texts are as vectors. */
export interface Embedded {
  /** In the order of the texts. */
  readonly vectors: readonly (readonly number[])[];
  /** Of all texts together, as the provider counts them; 0 when it does not say. */
  readonly tokens: number;
}

/** Makes vectors of texts. */
export interface EmbeddingModel {
  readonly provider: ModelProvider;
  readonly name: string;
  /** Where it is asked, without credentials; '' for one that is asked nowhere. */
  readonly endpoint: string;
  /** @throws what its provider failed with, and the signal's reason when that fires */
  readonly embed: (texts: readonly string[], signal: AbortSignal) => Promise<Embedded>;
}
