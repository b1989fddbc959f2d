import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { APICallError, generateText, jsonSchema, streamText, tool, type LanguageModelStreamPart } from 'ai';
import { waitFor } from '../../../../test/support/wait-for.js';
import { AsyncMemoCache, MemoryBackend } from '../../../shared/memo/index.js';
import type { CallOptions } from './answer-key.js';
import { type AnswerPart, isCleanAnswer, isCleanStream } from './answer-parts.js';
import type { ProviderModel } from './builtin.model.js';
import { type AnswerOptions, KeptAnswers } from './kept-answers.js';
import { callModel, type ModelAnswer } from './model-calls.js';

const USAGE = { inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 }, outputTokens: { total: 5, text: 5, reasoning: 0 } };
type Ending = Extract<AnswerPart, { type: 'finish' }>['finishReason']['unified'];

/** A provider that counts, and whose answers are made of the number of the call. */
class Provider {
  readonly calls: CallOptions[] = [];
  ending: Ending | 'cut' | 'broken' | 'error' = 'stop';
  /** Of calls to come: refused with a status that is retried. */
  refusals = 0;
  gate: Promise<unknown> = Promise.resolve();

  model(modelId = 'm1', provider = 'test'): ProviderModel {
    const answer = async (call: CallOptions): Promise<number> => {
      this.calls.push(call);
      const nth = this.calls.length;
      await this.gate;
      if (this.refusals-- > 0) throw new APICallError({ message: 'busy', url: '', requestBodyValues: {}, statusCode: 503, responseHeaders: { 'retry-after-ms': '1' } });
      return nth;
    };
    return {
      ...{ specificationVersion: 'v4', provider, modelId, supportedUrls: {} },
      doGenerate: async (call) => {
        const nth = await answer(call);
        return { content: [{ type: 'text', text: `answer ${String(nth)}` }], finishReason: { unified: 'stop', raw: 'stop' }, usage: USAGE, warnings: [], request: { body: 'secret words' }, response: { id: `r${String(nth)}`, headers: { 'x-key': 'secret' } } };
      },
      doStream: async (call) => ({ stream: ReadableStream.from(this.parts(await answer(call), call.abortSignal)) }),
    };
  }

  private async *parts(nth: number, signal: AbortSignal | undefined): AsyncGenerator<AnswerPart> {
    yield { type: 'stream-start', warnings: [] };
    yield { type: 'response-metadata', id: `r${String(nth)}`, timestamp: new Date(0) };
    yield { type: 'text-start', id: '1' };
    for (const delta of ['answer ', String(nth), '.']) {
      signal?.throwIfAborted();
      yield { type: 'text-delta', id: '1', delta };
    }
    if (this.ending === 'cut') return;
    if (this.ending === 'broken') throw new Error('the connection broke');
    yield { type: 'text-end', id: '1' };
    if (this.ending === 'error') yield { type: 'error', error: new Error('in mid-answer') };
    if (this.ending === 'tool-calls') yield { type: 'tool-call', toolCallId: `id-${String(nth)}`, toolName: 'look', input: '{}' };
    yield { type: 'finish', finishReason: { unified: this.ending === 'error' ? 'stop' : this.ending, raw: this.ending }, usage: USAGE };
  }
}

describe('answers of models that are kept', () => {
  let provider: Provider;
  let cache: AsyncMemoCache;
  let kept: KeptAnswers;
  let saved: number;

  beforeEach(() => {
    [provider, cache, saved] = [new Provider(), new AsyncMemoCache(new MemoryBackend()), 0];
    kept = new KeptAnswers(cache);
  });

  const wrapped = (options: Partial<AnswerOptions> = {}, model = provider.model()): ProviderModel =>
    kept.wrap(model, { endpoint: 'https://api.test/v1', toolCalls: false, saved: (tokens) => { saved += tokens; }, ...options });
  const partsOf = async (call: Partial<CallOptions> = {}, model = wrapped()): Promise<AnswerPart[]> => {
    const { stream } = await model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }], ...call });
    return Array.fromAsync(stream as unknown as AsyncIterable<AnswerPart>);
  };
  const textOf = (parts: readonly AnswerPart[]): string => parts.flatMap((part) => (part.type === 'text-delta' ? [part.delta] : [])).join('');
  const isCached = (parts: readonly AnswerPart[]): unknown => (parts.at(-1) as Extract<AnswerPart, { type: 'finish' }>).providerMetadata?.['nooble']?.['cached'];

  it('come again part by part, with the same end and usage, and say that they are cached', async () => {
    const [first, second] = [await partsOf(), await partsOf()];
    expect(provider.calls).toHaveLength(1);
    expect([isCached(first), isCached(second), saved]).toEqual([undefined, true, 15]);
    expect(second.slice(0, -1)).toEqual(first.slice(0, -1));
    expect(second.at(-1)).toEqual({ ...first.at(-1), providerMetadata: { nooble: { cached: true } } });
  });

  it('come again through the SDK, whole and as a stream, each from its own', async () => {
    const model = wrapped();
    const streamed = async (): Promise<[string, number | undefined]> => {
      const result = streamText({ model, prompt: 'Hi' });
      return [await result.text, (await result.usage).totalTokens];
    };
    expect([await streamed(), await streamed()]).toEqual([['answer 1.', 15], ['answer 1.', 15]]);
    const whole = await Promise.all([generateText({ model, prompt: 'Hi' }), generateText({ model, prompt: 'Hi' })]);
    expect(whole.map(({ text, usage, finishReason }) => [text, usage.totalTokens, finishReason])).toEqual([['answer 2', 15, 'stop'], ['answer 2', 15, 'stop']]);
    expect([(await generateText({ model, prompt: 'Hi' })).providerMetadata, provider.calls.length]).toEqual([{ nooble: { cached: true } }, 2]);
    expect(JSON.stringify(await Array.fromAsync(cache))).not.toContain('secret');
  });

  it('are one call of the provider for a hundred callers at once', async () => {
    const gate = Promise.withResolvers<void>();
    provider.gate = gate.promise;
    const calls = Array.from({ length: 100 }, () => partsOf());
    gate.resolve();
    const answers = await Promise.all(calls);
    expect([provider.calls.length, new Set(answers.map(textOf)), answers.filter((parts) => isCached(parts) === true).length, saved]).toEqual([1, new Set(['answer 1.']), 99, 99 * 15]);
  });

  it('whoever is aborted leaves the others their answer, and nobody waits for a provider that nobody asks any more', async () => {
    const gate = Promise.withResolvers<void>();
    provider.gate = gate.promise;
    const [first, second] = [new AbortController(), new AbortController()];
    const asked = [first, second].map(({ signal }) => partsOf({ abortSignal: signal }));
    await waitFor('the call', () => provider.calls.length === 1);
    first.abort(new Error('first is gone'));
    await expect(asked[0]).rejects.toThrow('first is gone');
    expect(provider.calls[0]!.abortSignal!.aborted).toBe(false);
    gate.resolve();
    const other = await asked[1]!;
    expect([textOf(other), provider.calls.length, isCached(other), saved]).toEqual(['answer 1.', 1, undefined, 0]);
    const alone = new AbortController();
    provider.gate = new Promise(() => undefined);
    const waiting = partsOf({ abortSignal: alone.signal, seed: 1 });
    await waitFor('the call', () => provider.calls.length === 2);
    alone.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(provider.calls[1]!.abortSignal!.aborted).toBe(true);
  });

  describe('a call that is cut off', () => {
    const asked = (stop: AbortController): Promise<ModelAnswer> => {
      let isBilled = false;
      const model = wrapped({ billed: (is) => { isBilled = is; } });
      const tell = { text: () => undefined, tool: async () => Promise.resolve() };
      return callModel({ executionId: 'e', model, instructions: undefined, messages: [{ role: 'user', content: 'Hi' }], tools: [], temperature: 0, maxOutputTokens: 9, maxCalls: 1, toolsUntil: 0, signal: stop.signal, isBilled: () => isBilled, countTokens: () => 7 }, tell);
    };
    const used = async (...answers: readonly Promise<ModelAnswer>[]): Promise<number[]> => (await Promise.all(answers)).map(({ usage }) => usage.totalTokens);

    it.each([[0, 1], [1, 0]])('costs the last one who has left it: %i, then %i', async (one, other) => {
      provider.gate = new Promise(() => undefined);
      const stops = [new AbortController(), new AbortController()];
      const answers = stops.map(asked);
      await waitFor('the call', () => provider.calls.length === 1);
      stops[one]!.abort(new Error('gone'));
      stops[other]!.abort(new Error('gone'));
      const costs = await used(...answers);
      expect([costs[one], costs[other]]).toEqual([0, 21]);
    });

    it('costs whoever has begun it nothing if somebody else has all of it and pays', async () => {
      const gate = Promise.withResolvers<void>();
      provider.gate = gate.promise;
      const [first, second] = [new AbortController(), new AbortController()];
      const answers = [first, second].map(asked);
      await waitFor('the call', () => provider.calls.length === 1);
      first.abort(new Error('gone'));
      gate.resolve();
      expect(await used(...answers)).toEqual([0, 15]);
    });

    it.each(['broken', 'error'] as const)('by its provider (%s) is on one bill', async (ending) => {
      provider.ending = ending;
      const costs = await used(...[new AbortController(), new AbortController(), new AbortController()].map(asked));
      expect([costs.filter((cost) => cost > 0).length, provider.calls.length]).toEqual([1, 1]);
    });
  });

  it('a refusal is everybody\'s, is tried again by the SDK, and once for all', async () => {
    provider.refusals = 1;
    const model = wrapped();
    const texts = await Promise.all(Array.from({ length: 20 }, () => generateText({ model, prompt: 'Hi' }).then(({ text }) => text)));
    expect([new Set(texts).size, provider.calls.length]).toEqual([1, 2]);
  });

  const look = (description: string): NonNullable<CallOptions['tools']> => [{ type: 'function', name: 'look', description, inputSchema: { type: 'object' } }];
  const say = (text: string): CallOptions['prompt'] => [{ role: 'user', content: [{ type: 'text', text }] }];
  it.each<[string, Partial<CallOptions>]>([
    ['temperature', { temperature: 0.5 }],
    ['topP', { topP: 0.5 }],
    ['seed', { seed: 7 }],
    ['tokens', { maxOutputTokens: 9 }],
    ['stop sequences', { stopSequences: ['x'] }],
    ['tools', { tools: look('far') }],
    ['the schema of a tool', { tools: [{ ...look('far')[0]!, inputSchema: { type: 'object', properties: { a: {} } } } as NonNullable<CallOptions['tools']>[number]] }],
    ['the choice of tools', { tools: look('far'), toolChoice: { type: 'none' } }],
    ['the format', { responseFormat: { type: 'json' } }],
    ['reasoning', { reasoning: 'high' }],
    ['options of the provider', { providerOptions: { test: { effort: 'high' } } }],
    ['the system prompt', { prompt: [{ role: 'system', content: 'Be kind.' }, ...say('Hi')] }],
    ['the message', { prompt: say('Ho') }],
    ['an earlier message', { prompt: [...say('Before'), { role: 'assistant', content: [{ type: 'text', text: 'Yes' }] }, ...say('Hi')] }],
  ])('are other ones with another %s', async (_, call) => {
    await partsOf();
    await partsOf({ tools: look('near') });
    expect([isCached(await partsOf(call)), isCached(await partsOf(call)), provider.calls.length]).toEqual([undefined, true, 3]);
  });

  it('are other ones of another model, provider, endpoint or tenant\'s cache', async () => {
    await partsOf();
    const others = [wrapped({}, provider.model('m2')), wrapped({}, provider.model('m1', 'other')), wrapped({ endpoint: 'https://eu.api.test/v1' }), new KeptAnswers(new AsyncMemoCache(new MemoryBackend())).wrap(provider.model(), { endpoint: 'https://api.test/v1', toolCalls: false })];
    for (const other of others) expect(isCached(await partsOf({}, other))).toBeUndefined();
    expect(provider.calls).toHaveLength(5);
  });

  it('are the same whatever the headers, the signal, our own notes, and the names that tool calls were given', async () => {
    const history = (id: string): CallOptions['prompt'] => [
      ...say('Hi'),
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: id, toolName: 'look', input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: id, toolName: 'look', output: { type: 'text', value: 'seen' } }] },
    ];
    await partsOf({ headers: { authorization: 'Bearer secret' }, abortSignal: new AbortController().signal, providerOptions: { nooble: { executionId: 'a' } }, prompt: history('x') });
    expect(isCached(await partsOf({ headers: {}, providerOptions: { nooble: { executionId: 'b' } }, prompt: history('y'), seed: undefined }))).toBe(true);
    expect(JSON.stringify(await Array.fromAsync(cache))).not.toMatch(/secret|Hi/);
  });

  it.each<[Provider['ending'], boolean]>([['length', false], ['content-filter', false], ['other', false], ['cut', false], ['error', false], ['tool-calls', false], ['tool-calls', true]])('that end with %s are kept (tool calls allowed: %s) only if they are whole and wanted', async (ending, toolCalls) => {
    provider.ending = ending;
    const model = wrapped({ toolCalls });
    await partsOf({}, model);
    expect([await cache.size(), isCached(await partsOf({}, model)) === true]).toEqual(toolCalls ? [1, true] : [0, false]);
  });

  it('that ask for tools and say that they end with stop are kept only if those are wanted, too', () => {
    const call = { type: 'tool-call', toolCallId: 'a', toolName: 'look', input: '{}' } as const;
    const end = { finishReason: { unified: 'stop', raw: 'stop' }, usage: USAGE } as const;
    for (const toolCalls of [false, true]) {
      expect([isCleanStream([call, { type: 'finish', ...end }], toolCalls), isCleanAnswer({ content: [call], ...end, warnings: [] }, toolCalls)]).toEqual([toolCalls, toolCalls]);
    }
  });

  it('that ask for tools are not given to callers who do not want such ones from the cache', async () => {
    provider.ending = 'tool-calls';
    const [wanting, other] = [wrapped({ toolCalls: true }), wrapped({ toolCalls: false })];
    await partsOf({}, wanting);
    expect([isCached(await partsOf({}, other)), isCached(await partsOf({}, wanting)), provider.calls.length]).toEqual([undefined, true, 2]);
  });

  it('follow what the caller says: not from the cache, not into it, for how long', async () => {
    const asked = async (options: Partial<AnswerOptions>): Promise<string> => textOf(await partsOf({}, wrapped(options)));
    expect([await asked({ noStore: true }), await cache.size()]).toEqual(['answer 1.', 0]);
    expect([await asked({}), await asked({ noStore: true }), await asked({ noCache: true }), await asked({})]).toEqual(['answer 2.', 'answer 2.', 'answer 3.', 'answer 3.']);
    await asked({ noCache: true, ttl: '1ms' });
    await sleep(5);
    expect(await asked({ ttl: '2h' })).toBe('answer 5.');
  });

  it('with raw chunks wanted they are made anew', async () => {
    await partsOf({ includeRawChunks: true });
    await partsOf({ includeRawChunks: true });
    expect([provider.calls.length, await cache.size()]).toEqual([2, 0]);
  });

  it('a loop with tools is answered from the cache step by step', async () => {
    const model = wrapped({ toolCalls: true });
    const run = async (): Promise<LanguageModelStreamPart['type'][]> => {
      provider.ending = 'tool-calls';
      const result = streamText({ model, prompt: 'Hi', tools: { look: tool({ inputSchema: jsonSchema({ type: 'object' }), execute: () => { provider.ending = 'stop'; return 'seen'; } }) }, stopWhen: ({ steps }) => steps.length === 2 });
      return (await Array.fromAsync(result.stream)).map(({ type }) => type as LanguageModelStreamPart['type']);
    };
    const [first, second] = [await run(), await run()];
    expect([first.includes('tool-result'), second, provider.calls.length]).toEqual([true, first, 2]);
  });
});
