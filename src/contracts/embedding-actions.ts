import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsString, Length, MaxLength } from 'class-validator';
import { Optional } from './fields.js';
import { MODEL_PROVIDERS, type ModelProvider } from './models.js';

/** Texts of one request, whatever the tier or an administrator says: more than that no OpenAI-compatible server takes in one call. */
export const MAX_EMBEDDING_TEXTS = 2_048;
/** Characters of one text, likewise; the models known have room for 8 191 tokens. UTF-16 code units. */
export const MAX_EMBEDDING_CHARACTERS = 100_000;

/**
 * `embedding.generate`: texts as vectors. How many, and how long, is the tier's to say.
 *
 * @source `originals.md` sections 1.3 and 1.8
 */
export class GenerateEmbeddingsData {
  /** An empty one has an empty vector. */
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(MAX_EMBEDDING_TEXTS) @IsString({ each: true }) @MaxLength(MAX_EMBEDDING_CHARACTERS, { each: true }) texts!: string[];
  /** Default: the setting NOOBLE_EMBEDDING_MODEL. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Default: as the model's name says. */
  @Optional() @IsIn(MODEL_PROVIDERS) provider?: ModelProvider;
}

export interface EmbeddingsAnswer {
  /** In the order of the texts. */
  readonly embeddings: readonly (readonly number[])[];
  readonly model: string;
  readonly provider: ModelProvider;
  /** Of each vector; 0 when every text was empty. */
  readonly dimensions: number;
  /** Tokens of the texts that were embedded for this action, as the provider counts them. */
  readonly totalTokens: number;
  /** Texts, empty ones aside, that nobody had to be asked for. */
  readonly cachedTexts: number;
}
