import { type LanguageModelMiddleware, wrapLanguageModel } from 'ai';
import type { AsyncMemoCache, CacheDirective, KeptStreams, StreamOrigin, StreamReading } from '../../../shared/memo/index.js';
import { type AnsweringModel, answerInputs, type CallOptions } from './answer-key.js';
import { type AnswerPart, isCleanAnswer, isCleanStream, markedCached, packed, type PackedAnswer, tokensOf, unpacked, type WholeAnswer } from './answer-parts.js';
import type { ProviderModel } from './builtin.model.js';

/** Calls whose answers are kept, of one caller. */
export interface AnswerOptions extends CacheDirective {
  /** Where the model answers, without secrets. */
  readonly endpoint: string;
  /** Whether answers that ask for tools are kept, too. */
  readonly toolCalls: boolean;
  /** Kept with what this caller's calls bring. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Is told of every answer, when it begins. */
  readonly answered?: (origin: StreamOrigin) => void;
  /** Is told with each call whether it is on this caller's bill if it is cut off: not when it begins, and then if it is. Of those who share it that is the last one. */
  readonly billed?: (isBilled: boolean) => void;
  /** Is told what an answer would have cost that nobody was asked for, tokens. */
  readonly saved?: (tokens: number) => void;
}

/** Streams of one tenant's answers, by whether those that ask for tools are kept. */
interface AnswerStreams {
  readonly parts: KeptStreams<AnswerPart>;
  readonly wholes: KeptStreams<WholeAnswer>;
}

/**
 * Answers of models, kept in the cache of one tenant. A middleware for the AI SDK: calls with the same model, parameters, tools and messages are
 * answered once; those at the same time share one call, which ends early only when all of them have ended. An answer that was not asked for anew has the
 * same parts and the same usage, and says `cached: true` under `nooble` in the provider metadata of its end.
 */
export class KeptAnswers {
  private readonly streams: Readonly<Record<'toolCalls' | 'textOnly', AnswerStreams>>;

  constructor(cache: AsyncMemoCache) {
    const streamsOf = (toolCalls: boolean): AnswerStreams => ({
      parts: cache.streams<AnswerPart>({ isCacheable: (parts) => isCleanStream(parts, toolCalls), pack: packed, unpack: (kept) => unpacked(kept as PackedAnswer) }),
      wholes: cache.streams<WholeAnswer>({ isCacheable: ([answer]) => answer !== undefined && isCleanAnswer(answer, toolCalls) }),
    });
    this.streams = { toolCalls: streamsOf(true), textOnly: streamsOf(false) };
  }

  /** The model behind {@link middleware}. */
  wrap(model: ProviderModel, options: AnswerOptions): ProviderModel {
    return wrapLanguageModel({ model, middleware: this.middleware(options) });
  }

  middleware({ endpoint, toolCalls, answered, billed, saved, ...call }: AnswerOptions): LanguageModelMiddleware {
    const streams = this.streams[toolCalls ? 'toolCalls' : 'textOnly'];
    const told = <T extends AnswerPart | WholeAnswer>({ origin, claim }: Pick<StreamReading<T>, 'origin' | 'claim'>): ((part: T) => T) => {
      answered?.(origin);
      return (part) => {
        const tokens = tokensOf(part);
        // The first that has all of a call has it on his bill: whoever has begun it may have left.
        if (tokens === undefined || claim()) return part;
        saved?.(tokens);
        return markedCached(part);
      };
    };
    const cutOff = (): void => { billed?.(true); };
    const inputsOf = (model: AnsweringModel, params: CallOptions) => () => answerInputs(model, endpoint, params);
    return {
      wrapStream: async ({ doStream, params, model }) => {
        // Raw chunks are for looking at a provider: from a cache they would be of no use.
        if (params.includeRawChunks === true) {
          billed?.(true);
          return doStream();
        }
        billed?.(false);
        const open = (abortSignal: AbortSignal): AsyncGenerator<AnswerPart> => partsOf(model, { ...params, abortSignal });
        const reading = await streams.parts.read({ ...call, func: 'answer.parts', inputs: inputsOf(model, params), open, cutOff }, params.abortSignal);
        return { stream: ReadableStream.from(mapped(reading.items, told(reading))) };
      },
      wrapGenerate: async ({ params, model }) => {
        billed?.(false);
        const open = (abortSignal: AbortSignal): AsyncGenerator<WholeAnswer> => wholeOf(model, { ...params, abortSignal });
        const reading = await streams.wholes.read({ ...call, func: 'answer.whole', inputs: inputsOf(model, params), open, cutOff }, params.abortSignal);
        const { value } = (await reading.items.next()) as IteratorYieldResult<WholeAnswer>;
        // To its end, where it is kept.
        await reading.items.next();
        return told<WholeAnswer>(reading)(value);
      },
    };
  }
}

async function* partsOf(model: ProviderModel, call: CallOptions): AsyncGenerator<AnswerPart> {
  const { stream } = await model.doStream(call);
  yield* stream;
}

/** Without what was sent, which has the users' words, and the headers that came back. */
async function* wholeOf(model: ProviderModel, call: CallOptions): AsyncGenerator<WholeAnswer> {
  const { request: _, response, ...answer } = await model.doGenerate(call);
  const { id, timestamp, modelId } = response ?? {};
  yield { ...answer, response: { ...(id !== undefined && { id }), ...(timestamp && { timestamp }), ...(modelId !== undefined && { modelId }) } };
}

/** Not a generator: whoever leaves while it waits is let go at once. */
function mapped<T>(items: AsyncIterableIterator<T, undefined>, change: (item: T) => T): AsyncIterableIterator<T, undefined> {
  return {
    next: async () => {
      const step = await items.next();
      return step.done === true ? step : { done: false, value: change(step.value) };
    },
    return: async () => (await items.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
