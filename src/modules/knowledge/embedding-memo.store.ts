import { Inject, Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { EMBEDDINGS_NAMESPACE } from '../../contracts/index.js';
import { CacheSettings } from '../../shared/config/index.js';
import { type AsyncMemoCache, type AsyncMemoized, fingerprint, type MemoEvent, TenantMemos } from '../../shared/memo/index.js';
import { REDIS, type Redis } from '../../shared/redis/index.js';
import type { EmbeddingModel } from './models/embedding-model.js';

/** A vector as it is kept. */
export interface KeptEmbedding {
  readonly vector: readonly number[];
  /** Its share of the tokens of the call that it came with; an estimate by its length. */
  readonly tokens: number;
}

/** Embeds texts that are not kept, in their order. */
export type EmbedTexts = (texts: readonly string[]) => Promise<readonly KeptEmbedding[]>;

type EmbedHashes = (hashes: readonly string[]) => Promise<KeptEmbedding[]>;
type ModelKey = Pick<EmbeddingModel, 'provider' | 'endpoint' | 'name'>;
type EmbedOnce = (hashes: readonly string[], model: ModelKey, embed: EmbedHashes) => Promise<KeptEmbedding[]>;
type Memoised = AsyncMemoized<AsyncMemoCache, EmbedOnce>;

/** Embeddings of each tenant in Redis, by model and text. Texts are kept as SHA-256 only. Without Redis, or when it does not answer in time, nothing is kept, and everything is embedded. */
@Injectable()
export class EmbeddingMemoStore {
  private readonly tenants: TenantMemos<Memoised>;

  constructor(
    @Inject(REDIS) redis: Redis,
    { embeddingSeconds, memoMaxEntries: maxEntries, deadlineMs }: CacheSettings,
    private readonly logger: PinoLogger,
  ) {
    const onEvent = (event: MemoEvent): void => { this.note(event); };
    this.tenants = new TenantMemos(redis, EMBEDDINGS_NAMESPACE, memoised, { onEvent, maxEntries, deadlineMs, ...(embeddingSeconds > 0 && { ttl: embeddingSeconds }) });
  }

  /**
   * The embeddings of texts, in their order. Those that are kept, or that this process is asking for already, are not asked for.
   *
   * @param embed is called once at the most, with each other text once
   * @throws what `embed` throws, or the one of whoever has asked for a text already
   */
  async find(tenantId: string, model: EmbeddingModel, texts: readonly string[], embed: EmbedTexts): Promise<readonly KeptEmbedding[]> {
    const byHash = new Map(texts.map((text) => [fingerprint(text), text]));
    const embedHashes: EmbedHashes = async (hashes) => [...(await embed(hashes.map((hash) => byHash.get(hash) ?? '')))];
    return this.tenants.of(tenantId)(texts.map(fingerprint), keyOf(model), embedHashes);
  }

  /** Removes the embeddings of texts. @throws HOT_STORE_UNAVAILABLE (unavailable), as Redis's own error */
  async forget(tenantId: string, model: EmbeddingModel, texts: readonly string[]): Promise<void> {
    await Promise.all(texts.map(async (text) => this.tenants.of(tenantId).forget([fingerprint(text)], keyOf(model), () => Promise.resolve([]))));
  }

  private note(event: MemoEvent): void {
    const { type, ...what } = event;
    this.logger.debug({ event: type, ...('error' in what && { err: what.error }) }, 'The memo of embeddings does without');
  }
}

function memoised(cache: AsyncMemoCache): Memoised {
  return cache.batchMemoize<EmbedOnce>(async (texts, _model, embed) => embed(texts), { name: 'embedding', params: ['texts', 'model', 'embed'], exclude: ['embed'], results: 'frozen' });
}

function keyOf({ provider, endpoint, name }: EmbeddingModel): ModelKey {
  return { provider, endpoint, name };
}
