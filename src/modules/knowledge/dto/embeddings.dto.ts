import { ApiProperty } from '@nestjs/swagger';
import { MODEL_PROVIDERS, type ModelProvider } from '../../../contracts/index.js';
import type { Embeddings } from '../embeddings.service.js';

export class EmbeddingDto {
  /** Of the text in `texts`. */
  index!: number;
  /** Empty for an empty text. */
  @ApiProperty({ type: [Number] }) embedding!: readonly number[];
}

export class EmbeddingUsageDto {
  /** Tokens of the texts that were embedded for this request, as the provider counts them; 0 when it does not say. */
  inputTokens!: number;
  /** About so many tokens need not be embedded, because they were before. */
  savedTokens!: number;
}

export class EmbeddingsDto {
  /** In the order of `texts`. */
  data!: EmbeddingDto[];
  model!: string;
  @ApiProperty({ enum: MODEL_PROVIDERS }) provider!: ModelProvider;
  /** Of each vector; 0 when every text was empty. */
  dimensions!: number;
  usage!: EmbeddingUsageDto;
  /** Texts, empty ones aside, that the model was not asked for: kept, asked for by another request, or there twice. */
  cachedTexts!: number;

  static of({ vectors, model, provider, dimensions, inputTokens, savedTokens, cachedTexts }: Embeddings): EmbeddingsDto {
    return { data: vectors.map((embedding, index) => ({ index, embedding })), model, provider, dimensions, usage: { inputTokens, savedTokens }, cachedTexts };
  }
}
