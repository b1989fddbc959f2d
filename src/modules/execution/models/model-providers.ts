import { Injectable } from '@nestjs/common';
import { ModelSettings } from '../../../shared/config/index.js';
import { endpointOf, modelMissing, modelProviderNotConfigured, modelProviderUnknown, modelUnknown, type Redact, redactionOf } from '../../../shared/models/index.js';
import { TokenCounter } from '../../conversations/index.js';
import { BUILTIN_MODEL_NAME, createBuiltinModel, type ProviderModel } from './builtin.model.js';
import { createOpenAiCompatibleModel } from './openai-compatible.model.js';

/** Where a run finds its models. */
export interface RunModels extends Pick<ModelProviders, 'resolve' | 'redact'> {
  /** As of a call's request. */
  readonly isBilled?: () => boolean;
}

/** A guess: more models than an installation uses at once. Instances are small and cheap to make again. */
const MAX_CACHED_MODELS = 256;

/** Finds the model an agent names; the one place that knows which providers there are. */
@Injectable()
export class ModelProviders {
  private readonly models = new Map<string, ProviderModel>();
  // One instance for good: it counts what `@fail CODE TIMES` has failed.
  private readonly builtin: ProviderModel;
  /** Takes the keys that providers are called with out of what they say. */
  readonly redact: Redact;
  private readonly factories: ReadonlyMap<string, (model: string) => ProviderModel>;

  constructor(
    private readonly settings: ModelSettings,
    tokenCounter: TokenCounter,
  ) {
    this.redact = redactionOf([settings.openaiApiKey]).text;
    this.builtin = createBuiltinModel({ countTokens: (text) => tokenCounter.count(text, BUILTIN_MODEL_NAME) });
    this.factories = new Map([
      ['builtin', (model: string) => this.builtinModel(model)],
      ['openai-compatible', (model: string) => this.openAiCompatibleModel(model)],
    ]);
  }

  /**
   * The model of that name, the same instance for as long as it stays cached. Calls nobody: whether an endpoint knows the name shows at the first call.
   *
   * @param provider  `builtin` or `openai-compatible`
   * @param model     `builtin/chat`, or the endpoint's name for it
   * @throws MODEL_PROVIDER_UNKNOWN, MODEL_UNKNOWN, MODEL_MISSING, MODEL_PROVIDER_NOT_CONFIGURED (all invalid)
   */
  resolve(provider: string, model: string): ProviderModel {
    const key = JSON.stringify([provider, model]);
    const cached = this.models.get(key);
    if (cached !== undefined) return cached;
    const factory = this.factories.get(provider);
    if (factory === undefined) throw modelProviderUnknown(provider, [...this.factories.keys()]);
    const made = factory(model);
    if (this.models.size >= MAX_CACHED_MODELS) this.models.delete(this.models.keys().next().value ?? '');
    this.models.set(key, made);
    return made;
  }

  /** Where a provider's models answer, without the secrets that a URL may hold. */
  endpointOf(provider: string): string {
    if (provider !== 'openai-compatible' || this.settings.openaiBaseUrl === '') return provider;
    return endpointOf(this.settings.openaiBaseUrl);
  }

  private builtinModel(model: string): ProviderModel {
    if (model !== BUILTIN_MODEL_NAME) throw modelUnknown('builtin', model, [BUILTIN_MODEL_NAME]);
    return this.builtin;
  }

  private openAiCompatibleModel(model: string): ProviderModel {
    const { openaiBaseUrl, openaiApiKey } = this.settings;
    if (openaiBaseUrl === '') throw modelProviderNotConfigured('openai-compatible', 'OPENAI_BASE_URL');
    if (model === '') throw modelMissing('openai-compatible');
    return createOpenAiCompatibleModel({ baseUrl: openaiBaseUrl, apiKey: openaiApiKey, name: model });
  }
}
