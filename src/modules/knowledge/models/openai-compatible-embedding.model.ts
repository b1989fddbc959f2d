import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { type EmbeddingModelMiddleware, embedMany, wrapEmbeddingModel } from 'ai';
import { endpointOf } from '../../../shared/models/index.js';
import type { EmbeddingModel } from './embedding-model.js';

/** Times that a failed call is repeated where the error allows it (408, 409, 429, 5xx, network): after 2 s, then 4 s, or when the provider says (`retry-after`). */
const MAX_RETRIES = 2;

/** Where an OpenAI-compatible endpoint is and which of its models to use. */
export interface OpenAiCompatibleOptions {
  /** Up to and including the version, for example `http://localhost:11434/v1`; a trailing slash is fine. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer …`; empty sends no such header. */
  readonly apiKey: string;
  /** The model's name as the endpoint knows it. */
  readonly name: string;
}

type EmbedResult = Awaited<ReturnType<Parameters<NonNullable<EmbeddingModelMiddleware['wrapEmbed']>>[0]['doEmbed']>>;

/** The SDK takes vectors as they come; the protocol numbers them. */
const IN_ORDER: EmbeddingModelMiddleware = { wrapEmbed: async ({ doEmbed }) => inOrder(await doEmbed()) };

/**
 * An embedding model behind any endpoint that speaks OpenAI's embeddings.
 *
 * @returns a model whose calls reject with what the AI SDK makes of failures (`APICallError`, `RetryError` and others), and whose abort closes the socket
 * @source https://ai-sdk.dev/providers/openai-compatible-providers
 */
export function createOpenAiCompatibleEmbedding({ baseUrl, apiKey, name }: OpenAiCompatibleOptions): EmbeddingModel {
  const provider = createOpenAICompatible({ name: 'openai-compatible', baseURL: baseUrl, ...(apiKey !== '' && { apiKey }) });
  const model = wrapEmbeddingModel({ model: provider.embeddingModel(name), middleware: IN_ORDER });
  return {
    provider: 'openai-compatible',
    name,
    endpoint: endpointOf(baseUrl),
    embed: async (texts, abortSignal) => {
      const { embeddings, usage } = await embedMany({ model, values: [...texts], maxRetries: MAX_RETRIES, abortSignal });
      return { vectors: embeddings, tokens: Number.isFinite(usage.tokens) ? usage.tokens : 0 };
    },
  };
}

function inOrder(result: EmbedResult): EmbedResult {
  const items = (result.response?.body as { readonly data?: readonly { readonly index?: unknown }[] } | undefined)?.data ?? [];
  const places = new Map(items.map(({ index }, i) => [index, i]));
  const ordered = result.embeddings.map((_, i) => result.embeddings[places.get(i) ?? -1]);
  // Numbers that are not those of the texts say nothing.
  return ordered.every((vector) => vector !== undefined) ? { ...result, embeddings: ordered } : result;
}
