import type { DomainAction, EmbeddingsAnswer } from '../../contracts/index.js';
import { type ActionHandler, HandlesAction } from '../../shared/actions/index.js';
import { EmbeddingsService } from './embeddings.service.js';

/** It changes nothing, and a second run finds what the first one has kept. */
@HandlesAction('embedding.generate')
export class GenerateEmbeddingsHandler implements ActionHandler<'embedding.generate'> {
  constructor(private readonly embeddings: EmbeddingsService) {}

  readonly handle = async ({ tenantId, tenantTier, data }: DomainAction<'embedding.generate'>): Promise<EmbeddingsAnswer> => {
    const { vectors, model, provider, dimensions, inputTokens, cachedTexts } = await this.embeddings.embed({ tenantId, tier: tenantTier }, data);
    return { embeddings: vectors, model, provider, dimensions, totalTokens: inputTokens, cachedTexts };
  };
}
