import { describe, expect, it } from '@jest/globals';
import { APICallError, generateText, isStepCount, jsonSchema, streamText, tool, type ModelMessage, type ToolSet } from 'ai';
import { createBuiltinModel, type ProviderModel } from './builtin.model.js';

const countTokens = (text: string): number => (text === '' ? 0 : text.split(/\s+/).length);
const newModel = (): ProviderModel => createBuiltinModel({ countTokens });

type Options = Partial<Parameters<typeof generateText>[0]>;
type Event = { readonly type: string; readonly [field: string]: unknown };

async function answerTo(prompt: string, options: Options = {}): Promise<string> {
  const { text } = await generateText({ model: newModel(), maxRetries: 0, ...options, prompt } as Parameters<typeof generateText>[0]);
  return text;
}

async function eventsOf(prompt: string, options: Options = {}): Promise<Event[]> {
  const started = streamText({ model: newModel(), maxRetries: 0, onError: () => undefined, ...options, prompt } as Parameters<typeof streamText>[0]);
  const events: Event[] = [];
  for await (const part of started.stream) events.push(part);
  return events;
}

const textOf = (events: readonly Event[]): string => events.filter(({ type }) => type === 'text-delta').map(({ text }) => String(text)).join('');
const forExecution = (executionId: string): Options => ({ providerOptions: { nooble: { executionId } } });
const failureOf = (answer: Promise<unknown>): Promise<unknown> => answer.then(() => undefined, (error: unknown) => error);
const bodies = (calls: readonly { readonly a: number; readonly b: number }[]): string => calls.map((call) => `@tool add ${JSON.stringify(call)}`).join('\n');

function adder(): { tools: ToolSet; inputs: unknown[] } {
  const inputs: unknown[] = [];
  const add = tool({
    inputSchema: jsonSchema<{ a: number; b: number }>({ type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] }),
    execute: async ({ a, b }) => {
      inputs.push({ a, b });
      return { total: a + b };
    },
  });
  return { tools: { add }, inputs };
}

describe('the default answer', () => {
  it('says the turn, the last user message, and how many messages and tokens it was given', async () => {
    const messages: ModelMessage[] = [
      { role: 'user', content: 'one two' },
      { role: 'assistant', content: 'three' },
      { role: 'user', content: 'four five six' },
    ];
    const { text, usage, finishReason } = await generateText({ model: newModel(), instructions: 'You are kind.', messages });
    expect(text).toBe('Turn 2. You said: "four five six". I have 3 messages (6 tokens) in my window.');
    expect(finishReason).toBe('stop');
    expect(usage).toMatchObject({ inputTokens: 9, outputTokens: countTokens(text), totalTokens: 9 + countTokens(text) });
  });

  it('leaves directive lines out of what it quotes but not out of what it counts', async () => {
    expect(await answerTo('@think 0\nhello there')).toBe('Turn 1. You said: "hello there". I have 1 messages (4 tokens) in my window.');
  });

  it('is streamed word by word and adds up to the same text and usage', async () => {
    const events = await eventsOf('hello  there\nyou');
    const deltas = events.filter(({ type }) => type === 'text-delta').map(({ text }) => text);
    expect(deltas.slice(0, 5)).toEqual(['Turn ', '1. ', 'You ', 'said: ', '"hello  ']);
    expect(textOf(events)).toBe(await answerTo('hello  there\nyou'));
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop', totalUsage: { inputTokens: 3, outputTokens: 16 } });
  });
});

describe('@tokens, @delay, @think and @echo-context', () => {
  it('@tokens answers with that many numbered words', async () => {
    expect(await answerTo('@tokens 4')).toBe('word1 word2 word3 word4');
    expect(textOf(await eventsOf('@tokens 4'))).toBe('word1 word2 word3 word4');
  });

  it('@tokens 0 is an empty answer that still ends', async () => {
    expect((await eventsOf('@tokens 0')).at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' });
  });

  it('waits change when words come, not which', async () => {
    expect(textOf(await eventsOf('@tokens 5\n@delay 1\n@think 1'))).toBe('word1 word2 word3 word4 word5');
    expect(await answerTo('@tokens 5\n@delay 1\n@think 1')).toBe('word1 word2 word3 word4 word5');
  });

  it('lets timers fire during a long answer without delays', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('another turn of the event loop'));
    await eventsOf('@tokens 1000').then(() => order.push('the end of the answer'));
    expect(order).toEqual(['another turn of the event loop', 'the end of the answer']);
  });

  it('@echo-context answers with the messages it was given, as they were', async () => {
    const messages: ModelMessage[] = [
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'second' },
      { role: 'user', content: '@echo-context\nthird' },
    ];
    const { text } = await generateText({ model: newModel(), instructions: 'Be kind.', messages });
    expect(JSON.parse(text)).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'first' },
      { role: 'assistant', content: 'second' },
      { role: 'user', content: '@echo-context\nthird' },
    ]);
  });
});

describe('@fail and malformed directives', () => {
  it.each([
    [400, false],
    [401, false],
    [429, true],
    [500, true],
    [503, true],
  ])('@fail %i is an APICallError whose isRetryable is %p', async (statusCode, isRetryable) => {
    const error = await failureOf(answerTo(`@fail ${statusCode}`));
    expect(APICallError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ statusCode, isRetryable });
    expect((await eventsOf(`@fail ${statusCode}`)).find(({ type }) => type === 'error')).toMatchObject({ error: { statusCode, isRetryable } });
  });

  it('@fail CODE TIMES fails the first TIMES calls of each execution', async () => {
    const model = newModel();
    const call = (executionId: string): Promise<unknown> => failureOf(answerTo('@fail 503 2\nhi', { model, ...forExecution(executionId) }));
    expect(await call('a')).toMatchObject({ statusCode: 503 });
    expect(await call('b')).toMatchObject({ statusCode: 503 });
    expect(await call('a')).toMatchObject({ statusCode: 503 });
    expect(await call('a')).toBeUndefined();
    expect(await call('b')).toMatchObject({ statusCode: 503 });
    expect(await call('b')).toBeUndefined();
  });

  it('forgets the execution that has not failed for longest once it counts too many', async () => {
    const model = newModel();
    const prompt: Parameters<ProviderModel['doGenerate']>[0]['prompt'] = [{ role: 'user', content: [{ type: 'text', text: '@fail 500 1' }] }];
    const call = (executionId: string): Promise<unknown> =>
      failureOf(Promise.resolve(model.doGenerate({ prompt, providerOptions: { nooble: { executionId } } })));
    await call('first');
    for (let i = 0; i < 4_096; i += 1) await call(`execution-${i}`);
    expect(await call('execution-4095')).toBeUndefined();
    expect(await call('first')).toMatchObject({ statusCode: 500 });
  });

  it('@fail CODE TIMES without an execution says what is missing', async () => {
    expect(await failureOf(answerTo('@fail 503 2'))).toMatchObject({ statusCode: 400, message: expect.stringContaining('providerOptions.nooble.executionId') });
  });

  it('a malformed directive is a 400 that names the line, from the prompt and from the message', async () => {
    const expected = { statusCode: 400, isRetryable: false, message: expect.stringContaining('"@tokens many"') };
    expect(await failureOf(answerTo('@tokens many'))).toMatchObject(expected);
    expect(await failureOf(answerTo('hi', { instructions: '@tokens many' }))).toMatchObject(expected);
  });

  it('reads directives of the last user message only, not of earlier ones', async () => {
    const messages: ModelMessage[] = [
      { role: 'user', content: '@fail 500' },
      { role: 'assistant', content: '@fail 501' },
      { role: 'user', content: 'again' },
    ];
    expect((await generateText({ model: newModel(), messages })).text).toContain('You said: "again"');
  });
});

describe('aborting', () => {
  it.each(['@hang', '@think 3600000', '@tokens 3\n@delay 3600000'])('ends %j with the abort reason, without streaming', async (prompt) => {
    const controller = new AbortController();
    const failure = failureOf(answerTo(prompt, { abortSignal: controller.signal }));
    setImmediate(() => controller.abort(new RangeError('cancelled by its user')));
    expect(await failure).toBe(controller.signal.reason);
  });

  it.each(['@hang', '@think 3600000'])('ends %j as a stream with an abort part and no text', async (prompt) => {
    const controller = new AbortController();
    setImmediate(() => controller.abort(new RangeError('cancelled by its user')));
    const events = await eventsOf(prompt, { abortSignal: controller.signal });
    expect(events.at(-1)).toMatchObject({ type: 'abort', reason: expect.stringContaining('cancelled by its user') });
    expect(textOf(events)).toBe('');
  });

  it('keeps the words streamed before the abort', async () => {
    const controller = new AbortController();
    const onChunk = ({ chunk }: { chunk: { type: string } }): void => {
      if (chunk.type === 'text-delta') controller.abort();
    };
    const events = await eventsOf('@tokens 3\n@delay 3600000', { abortSignal: controller.signal, onChunk } as Options);
    expect(textOf(events)).toBe('word1 ');
    expect(events.at(-1)).toMatchObject({ type: 'abort' });
  });

  it('errors its own stream with the reason, between words and during a wait', async () => {
    for (const text of ['@tokens 3', '@tokens 3\n@delay 3600000']) {
      const controller = new AbortController();
      const { stream } = await newModel().doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text }] }], abortSignal: controller.signal });
      const reason = new RangeError('cancelled by its user');
      const read = async (): Promise<void> => {
        for await (const part of stream) if (part.type === 'text-delta') controller.abort(reason);
      };
      expect(await failureOf(read())).toBe(reason);
    }
  });

  it('answers nothing when the signal was aborted before the call', async () => {
    expect(await failureOf(answerTo('hi', { abortSignal: AbortSignal.abort('too late') }))).toBe('too late');
  });

  it('stops waiting when its reader goes away', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const timersBefore = timers();
    const { stream } = await newModel().doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: '@tokens 3\n@delay 3600000' }] }] });
    const reader = stream.getReader();
    while ((await reader.read()).value?.type !== 'text-delta');
    await new Promise(setImmediate);
    expect(timers()).toBe(timersBefore + 1);
    await reader.cancel();
    await new Promise(setImmediate);
    expect(timers()).toBe(timersBefore);
  });
});

describe('@tool and @loop', () => {
  it('calls the tool and answers with its result as JSON', async () => {
    const { tools, inputs } = adder();
    const events = await eventsOf(bodies([{ a: 1, b: 2 }]), { tools, stopWhen: isStepCount(5), ...forExecution('e1') });
    expect(inputs).toEqual([{ a: 1, b: 2 }]);
    expect(events.find(({ type }) => type === 'tool-call')).toMatchObject({ toolCallId: 'call_e1_1', toolName: 'add', input: { a: 1, b: 2 } });
    expect(events.filter(({ type }) => type === 'finish-step').map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
    expect(JSON.parse(textOf(events))).toEqual([{ tool: 'add', output: { total: 3 } }]);
  });

  it('makes several lines parallel calls of one step, with ids of their own', async () => {
    const { tools, inputs } = adder();
    const prompt = bodies([{ a: 1, b: 2 }, { a: 3, b: 4 }]);
    const { steps, text } = await generateText({ model: newModel(), tools, stopWhen: isStepCount(5), prompt });
    expect(inputs).toHaveLength(2);
    expect(steps[0]?.toolCalls.map(({ toolCallId }) => toolCallId)).toEqual(['call_builtin_1', 'call_builtin_2']);
    expect(steps).toHaveLength(2);
    expect(JSON.parse(text)).toEqual([{ tool: 'add', output: { total: 3 } }, { tool: 'add', output: { total: 7 } }]);
  });

  it('calls again on the next turn when the directive stands in the system prompt', async () => {
    const { tools, inputs } = adder();
    const model = newModel();
    const instructions = bodies([{ a: 1, b: 2 }]);
    const messages: ModelMessage[] = [{ role: 'user', content: 'first' }];
    const first = await generateText({ model, tools, stopWhen: isStepCount(5), instructions, messages });
    messages.push(...first.responseMessages, { role: 'user', content: 'second' });
    const second = await generateText({ model, tools, stopWhen: isStepCount(5), instructions, messages });
    expect(inputs).toHaveLength(2);
    expect(second.toolCalls.map(({ toolCallId }) => toolCallId)).toEqual(['call_builtin_2']);
  });

  it('@loop calls after every result until the step limit stops it', async () => {
    const { tools, inputs } = adder();
    const result = await generateText({ model: newModel(), tools, stopWhen: isStepCount(4), prompt: '@loop add {"a":1,"b":1}' });
    expect(inputs).toHaveLength(4);
    expect(result.finishReason).toBe('tool-calls');
    expect(new Set(result.steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolCallId }) => toolCallId))).size).toBe(4);
  });

  it('answers instead of calling under tool choice none', async () => {
    const { tools, inputs } = adder();
    expect(await answerTo('@loop add {"a":1,"b":1}\nhi', { tools, toolChoice: 'none' })).toContain('You said: "hi"');
    expect(inputs).toEqual([]);
  });

  it('reports what a tool threw, and a tool there is not, as errors', async () => {
    const boom = tool({ inputSchema: jsonSchema({ type: 'object' }), execute: (): string => { throw new RangeError('no such order'); } });
    const events = await eventsOf('@tool boom {}\n@tool missing {}', { tools: { boom }, stopWhen: isStepCount(3) });
    expect(events.filter(({ type }) => type === 'tool-error')).toHaveLength(2);
    expect(JSON.parse(textOf(events))).toEqual(
      expect.arrayContaining([
        { tool: 'boom', error: expect.stringContaining('no such order') },
        { tool: 'missing', error: expect.stringContaining('missing') },
      ]),
    );
  });

  it('counts the calls as output, and calls and results as input', async () => {
    const { tools } = adder();
    const { steps } = await generateText({ model: newModel(), tools, stopWhen: isStepCount(5), prompt: '@tool add {"a":1,"b":2}' });
    expect(steps.map(({ usage }) => [usage.inputTokens, usage.outputTokens])).toEqual([[3, 2], [6, 1]]);
  });
});
