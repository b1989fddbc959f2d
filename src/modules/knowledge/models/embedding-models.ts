import { Injectable } from '@nestjs/common';
import type { ModelProvider } from '../../../contracts/index.js';
import { ModelSettings } from '../../../shared/config/index.js';
import { modelMissing, modelProviderNotConfigured, modelUnknown, type Redact, redactionOf } from '../../../shared/models/index.js';
import { BUILTIN_EMBEDDING, BUILTIN_EMBEDDING_NAME } from './builtin-embedding.model.js';
import type { EmbeddingModel } from './embedding-model.js';
import { createOpenAiCompatibleEmbedding } from './openai-compatible-embedding.model.js';

/** What a caller says of the model; both may be left out. */
export interface WantedModel {
  readonly provider?: ModelProvider | undefined;
  readonly model?: string | undefined;
}

/** Finds the embedding model that somebody names; the one place that knows which there are. */
@Injectable()
export class EmbeddingModels {
  /** Takes the key that the provider is called with out of what it says. */
  readonly redact: Redact;

  constructor(private readonly settings: ModelSettings) {
    this.redact = redactionOf([settings.openaiApiKey]).text;
  }

  /** Open to every tier. */
  get defaultModel(): string {
    return this.settings.defaultEmbeddingModel;
  }

  /**
   * A model without a provider is looked for where its name says: `builtin/…` is ours, every other one the OpenAI-compatible server's. Calls
   * nobody: whether a server knows the name shows at the first call.
   *
   * @throws MODEL_UNKNOWN, MODEL_MISSING, MODEL_PROVIDER_NOT_CONFIGURED (all invalid)
   */
  resolve({ provider, model }: WantedModel): EmbeddingModel {
    const name = model ?? this.nameFor(provider);
    const source = provider ?? (name.startsWith('builtin/') ? 'builtin' : 'openai-compatible');
    return source === 'builtin' ? builtin(name) : this.openAiCompatible(name);
  }

  private nameFor(provider: ModelProvider | undefined): string {
    const isDefaultOurs = this.defaultModel.startsWith('builtin/');
    if (provider === 'builtin') return BUILTIN_EMBEDDING_NAME;
    return provider === 'openai-compatible' && isDefaultOurs ? '' : this.defaultModel;
  }

  private openAiCompatible(name: string): EmbeddingModel {
    const { openaiBaseUrl: baseUrl, openaiApiKey: apiKey } = this.settings;
    if (baseUrl === '') throw modelProviderNotConfigured('openai-compatible', 'OPENAI_BASE_URL');
    if (name === '') throw modelMissing('openai-compatible');
    return createOpenAiCompatibleEmbedding({ baseUrl, apiKey, name });
  }
}

function builtin(name: string): EmbeddingModel {
  if (name !== BUILTIN_EMBEDDING_NAME) throw modelUnknown('builtin', name, [BUILTIN_EMBEDDING_NAME]);
  return BUILTIN_EMBEDDING;
}
