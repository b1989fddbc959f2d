import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsString, Length, MaxLength } from 'class-validator';
import { MAX_EMBEDDING_CHARACTERS, MAX_EMBEDDING_TEXTS, MODEL_PROVIDERS, type ModelProvider, Optional } from '../../../contracts/index.js';

export class EmbedTextsDto {
  /** An empty one has an empty vector. How many, and how long, is the tier's to say. */
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(MAX_EMBEDDING_TEXTS) @IsString({ each: true }) @MaxLength(MAX_EMBEDDING_CHARACTERS, { each: true }) texts!: string[];
  /** Default: the setting NOOBLE_EMBEDDING_MODEL. */
  @Optional() @IsString() @Length(1, 200) model?: string;
  /** Default: `builtin` for a model whose name begins with `builtin/`, else `openai-compatible`. */
  @Optional() @IsIn(MODEL_PROVIDERS) provider?: ModelProvider;
}
