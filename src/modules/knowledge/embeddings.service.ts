import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { ModelProvider } from '../../contracts/index.js';
import { ModelSettings } from '../../shared/config/index.js';
import { MetricsService } from '../../shared/telemetry/index.js';
import { type Principal, requireModel, TenantLimits, type TierLimits } from '../tenancy/index.js';
import { type EmbeddingMeter, maxTokensOf } from './embedding-meter.js';
import { EmbeddingMemoStore, type KeptEmbedding } from './embedding-memo.store.js';
import { knowledgeErrors } from './knowledge.errors.js';
import type { Embedded, EmbeddingModel } from './models/embedding-model.js';
import { EmbeddingModels, type WantedModel } from './models/embedding-models.js';

/** What somebody wants to have embedded. */
export interface EmbeddingRequest extends WantedModel {
  readonly texts: readonly string[];
}

export interface Embeddings {
  /** In the order of the texts; [] for an empty one. */
  readonly vectors: readonly (readonly number[])[];
  readonly model: string;
  readonly provider: ModelProvider;
  /** Of each vector; 0 when every text was empty. */
  readonly dimensions: number;
  /** Tokens of the texts that were embedded for this request, as the provider counts them; 0 when it does not say. */
  readonly inputTokens: number;
  /** About so many tokens had to be embedded before, or are for somebody else, and need not be now. */
  readonly savedTokens: number;
  /** Texts, empty ones aside, that the model was not asked for. */
  readonly cachedTexts: number;
}

/** What one request has asked a model for, and for whom. */
interface Asked extends Pick<Principal, 'tenantId' | 'tier'> {
  texts: number;
  tokens: number;
  /** The sum of what was kept of them. */
  shares: number;
}

/** Texts as vectors: each text is embedded once for a tenant and model, as long as it is kept. */
@Injectable()
export class EmbeddingsService {
  private readonly texts: Counter<'outcome'>;
  private meter: EmbeddingMeter = async (_, ask) => ask();

  constructor(
    private readonly limits: TenantLimits,
    private readonly models: EmbeddingModels,
    private readonly memo: EmbeddingMemoStore,
    private readonly settings: ModelSettings,
    metrics: MetricsService,
  ) {
    this.texts = metrics.counter({ name: 'nooble_embedding_texts_total', help: 'Texts of requests for embeddings: a model was asked for them (asked), or they were kept, under way, or there twice (saved).', labelNames: ['outcome'] });
  }

  /** Every call of a model goes through this from now on. Budgets are above this module: they come down to it. */
  meterBy(meter: EmbeddingMeter): void {
    this.meter = meter;
  }

  /**
   * @throws TIER_LIMIT_TEXTS, TIER_LIMIT_TEXT_LENGTH, MODEL_NOT_IN_TIER (forbidden), MODEL_UNKNOWN, MODEL_MISSING, MODEL_PROVIDER_NOT_CONFIGURED,
   *   EMBEDDING_REFUSED (invalid), EMBEDDING_PROVIDER_FAILED, EMBEDDING_TIMED_OUT, DATABASE_UNAVAILABLE (unavailable), what the meter throws
   */
  async embed({ tenantId, tier }: Pick<Principal, 'tenantId' | 'tier'>, { texts, ...wanted }: EmbeddingRequest): Promise<Embeddings> {
    const limits = await this.limits.of(tenantId, tier);
    requireFew(texts, limits);
    const model = this.models.resolve(wanted);
    requireModel(model.name, limits, [this.models.defaultModel]);
    const asked: Asked = { tenantId, tier, texts: 0, tokens: 0, shares: 0 };
    const filled = texts.filter((text) => text !== '');
    const found = await this.find(model, filled, asked);
    const cachedTexts = Math.max(filled.length - asked.texts, 0);
    this.texts.inc({ outcome: 'saved' }, cachedTexts);
    const rest = found.values();
    return {
      vectors: texts.map((text) => (text === '' ? [] : (rest.next().value?.vector ?? []))),
      ...{ model: model.name, provider: model.provider, dimensions: found[0]?.vector.length ?? 0 },
      ...{ inputTokens: asked.tokens, savedTokens: Math.max(sharesOf(found) - asked.shares, 0), cachedTexts },
    };
  }

  private async find(model: EmbeddingModel, texts: readonly string[], asked: Asked): Promise<readonly KeptEmbedding[]> {
    const { tenantId } = asked;
    const find = async (): Promise<readonly KeptEmbedding[]> => this.memo.find(tenantId, model, texts, async (missing) => this.ask(model, missing, asked));
    const found = await find();
    if (areAlike(found.map(({ vector }) => vector))) return found;
    // The provider has another model under that name by now: what is kept is of the old one.
    await this.memo.forget(tenantId, model, texts);
    return find();
  }

  private async ask(model: EmbeddingModel, texts: readonly string[], asked: Asked): Promise<readonly KeptEmbedding[]> {
    const { tenantId, tier } = asked;
    const call = { tenantId, tier, provider: model.provider, model: model.name, maxTokens: maxTokensOf(texts) };
    const { vectors, tokens } = await this.meter(call, async () => this.embedded(model, texts));
    requireAlike(vectors);
    const kept = withShares(texts, vectors, tokens);
    asked.texts += texts.length;
    asked.tokens += tokens;
    asked.shares += sharesOf(kept);
    return kept;
  }

  /** Not bound to who asks: others may be waiting for the same texts. */
  private async embedded(model: EmbeddingModel, texts: readonly string[]): Promise<Embedded> {
    this.texts.inc({ outcome: 'asked' }, texts.length);
    const { embeddingTimeoutSeconds } = this.settings;
    const signal = AbortSignal.timeout(embeddingTimeoutSeconds * 1_000);
    try {
      return await model.embed(texts, signal);
    } catch (error) {
      throw signal.aborted ? knowledgeErrors.timedOut(embeddingTimeoutSeconds) : knowledgeErrors.providerFailed(error, this.models.redact);
    }
  }
}

function requireFew(texts: readonly string[], { maxTextsPerEmbedding, maxCharactersPerText }: TierLimits): void {
  if (texts.length > maxTextsPerEmbedding) throw knowledgeErrors.tooManyTexts(texts.length, maxTextsPerEmbedding);
  const index = texts.findIndex(({ length }) => length > maxCharactersPerText);
  if (index >= 0) throw knowledgeErrors.textTooLong(index, texts[index]?.length ?? 0, maxCharactersPerText);
}

/** Vectors that cannot be compared would be kept for a day. */
function requireAlike(vectors: Embedded['vectors']): void {
  if (!areAlike(vectors)) throw knowledgeErrors.vectorsInvalid('vectors of different lengths');
  if (vectors[0]?.length === 0) throw knowledgeErrors.vectorsInvalid('vectors without numbers');
}

function areAlike(vectors: Embedded['vectors']): boolean {
  return vectors.every(({ length }) => length === vectors[0]?.length);
}

/** A provider counts a whole call; a text's share of it goes by its length. */
function withShares(texts: readonly string[], vectors: Embedded['vectors'], tokens: number): KeptEmbedding[] {
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  return vectors.map((vector, i) => ({ vector, tokens: Math.round((tokens * (texts[i]?.length ?? 0)) / characters) }));
}

function sharesOf(embeddings: readonly KeptEmbedding[]): number {
  return embeddings.reduce((sum, { tokens }) => sum + tokens, 0);
}
