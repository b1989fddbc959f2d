import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModel } from 'ai';

/** Where an OpenAI-compatible endpoint is and which of its models to use. */
export interface OpenAiCompatibleOptions {
  /** Up to and including the version, for example `http://localhost:11434/v1`; a trailing slash is fine. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer …`; absent or empty sends no such header. */
  readonly apiKey?: string;
  /** The model's name as the endpoint knows it. */
  readonly name: string;
}

/**
 * A chat model behind any endpoint that speaks OpenAI's chat completions. Streams ask for usage (`stream_options.include_usage`).
 *
 * @returns a model whose calls reject with `APICallError` (`statusCode`, `isRetryable` at 408, 409, 429 and 5xx) when the endpoint answers with an error,
 *          and whose abort closes the socket. `providerOptions` of other names than `openai-compatible` stay here and are not sent.
 * @source https://ai-sdk.dev/providers/openai-compatible-providers
 */
export function createOpenAiCompatibleModel({ baseUrl, apiKey, name }: OpenAiCompatibleOptions): Extract<LanguageModel, { specificationVersion: 'v4' }> {
  const provider = createOpenAICompatible({
    name: 'openai-compatible',
    baseURL: baseUrl,
    includeUsage: true,
    ...(apiKey === undefined || apiKey === '' ? {} : { apiKey }),
  });
  return provider.chatModel(name);
}
