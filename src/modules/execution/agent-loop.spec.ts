import { beforeEach, describe, expect, it } from '@jest/globals';
import { type ScriptedCall, ScriptedModel } from '../../../test/support/scripted-model.js';
import type { NewExecutionEvent } from '../../contracts/index.js';
import { modelUnknown } from '../../shared/models/index.js';
import type { Message } from '../conversations/index.js';
import { type LoopInput, type LoopOutcome, runAgentLoop } from './agent-loop.js';
import type { AgentTool } from './tools/agent-tool.js';
import { boundedTool } from './tools/bounded-tool.js';

const FALLBACK = { provider: 'openai-compatible', model: 'second' } as const;

let events: NewExecutionEvent[];
let first: ScriptedModel;
let second: ScriptedModel;
let ran: string[];

beforeEach(() => {
  events = [];
  ran = [];
  second = new ScriptedModel([]);
});

const tool = (name: string, execute: AgentTool['execute'] = async () => ({ from: name })): AgentTool => ({
  ...{ name, description: name, inputSchema: { type: 'object', properties: {} } },
  execute: async (input, signal) => {
    ran.push(name);
    return execute(input, signal);
  },
});

const looking = (text?: string): ScriptedCall => ({ ...(text !== undefined && { text }), tools: [{ name: 'look' }] });

async function run(script: readonly ScriptedCall[], overrides: Partial<LoopInput> & { type?: 'conversational' | 'workflow' } = {}): Promise<LoopOutcome> {
  first = new ScriptedModel(script);
  const { type = 'conversational', ...rest } = overrides;
  const input: LoopInput = {
    ...{ executionId: 'e', agent: { type, background: 'A guide.', systemPrompt: 'Be short.' }, fallbackModel: null, maxIterations: 5, signal: new AbortController().signal, countTokens: (text) => text.length },
    llm: { provider: 'builtin', model: 'first', temperature: 0, maxTokens: 100 },
    models: { resolve: (_, model) => (model === 'second' ? second.model : first.model), redact: (text) => text.replaceAll('status', 'secret') },
    messages: [{ role: 'user', content: 'Where am I?' } as Message],
    tools: [tool('look'), tool('ask')],
    ...rest,
  };
  return runAgentLoop(input, {
    ...{ add: (event) => events.push(event), delta: (text) => events.push({ type: 'message.delta', data: { text } }), flush: async () => undefined },
    failed: new AbortController().signal,
  });
}

const ofType = <T extends NewExecutionEvent['type']>(type: T): Extract<NewExecutionEvent, { type: T }>['data'][] => events.flatMap((event) => (event.type === type ? [event.data as never] : []));
const streamed = (): string => ofType('message.delta').map(({ text }) => text).join('');

describe('a conversation', () => {
  it('answers at once when no tool is wanted', async () => {
    expect(await run([{ text: 'Here.' }])).toEqual({ text: 'Here.', usage: { inputTokens: 10, outputTokens: 1, totalTokens: 11 }, finishReason: 'stop', error: null, answeredBy: { provider: 'builtin', model: 'first' } });
    expect(first.systemOf(0)).toBe('A guide.\n\nBe short.');
    expect(streamed()).toBe('Here.');
  });

  it('runs the tools of one call together, shows the model what they said, and adds usage up', async () => {
    const both = Promise.withResolvers<void>();
    const meeting = (name: string): AgentTool => tool(name, async () => (ran.length === 2 ? both.resolve() : undefined, both.promise));
    const outcome = await run([{ tools: [{ name: 'look' }, { name: 'ask' }] }, { text: 'Here.' }], { tools: [meeting('look'), meeting('ask')] });
    expect(outcome).toMatchObject({ text: 'Here.', finishReason: 'stop', usage: { inputTokens: 20, outputTokens: 2, totalTokens: 22 } });
    expect(first.calls[1]!.prompt.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
    expect(ofType('tool.completed').map(({ name }) => name).sort()).toEqual(['ask', 'look']);
  });

  it.each([100, 1_500, 3_000, 50_000])('is told the beginning of what a tool has said in %i levels, and goes on', async (levels) => {
    const nested = async (): Promise<unknown> => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) as unknown;
    const outcome = await run([looking(), { text: 'Here.' }], { tools: [boundedTool(tool('look', nested), 1_000)] });
    expect(outcome).toMatchObject({ text: 'Here.', error: null });
    expect(ofType('tool.completed')).toMatchObject([levels < 50_000 ? { output: { isCut: true, note: expect.stringContaining('levels'), text: expect.stringMatching(/^\[{64}/) } } : { error: expect.stringContaining('TOOL_OUTPUT_INVALID') }]);
  });

  it('tells the model of a tool that failed, of one that there is not and of input that is no JSON object, and goes on', async () => {
    const failing = tool('look', async () => { throw new Error('fog'); });
    expect(await run([{ tools: [{ name: 'look' }, { name: 'fly' }] }, { text: 'Sorry.' }], { tools: [failing] })).toMatchObject({ text: 'Sorry.', error: null });
    expect(JSON.stringify(first.calls[1]!.prompt)).toMatch(/fog.*fly/s);
    expect(ofType('tool.completed').map(({ error }) => error).sort()).toEqual([expect.stringContaining('fly'), 'fog']);
  });
});

describe('the last call that is allowed', () => {
  it('has to be an answer, and says that the model would have gone on', async () => {
    expect(await run([looking(), looking(), { text: 'Here, I think.' }], { maxIterations: 3 })).toMatchObject({ text: 'Here, I think.', finishReason: 'iterations-exhausted', error: null, usage: { totalTokens: 33 } });
    expect(first.toolChoices).toEqual(['auto', 'auto', 'none']);
  });

  it('is the only one when there is only one', async () => {
    expect(await run([{ text: 'Here.' }], { maxIterations: 1 })).toMatchObject({ text: 'Here.', finishReason: 'stop', error: null });
    expect(first.toolChoices).toEqual(['none']);
  });

  it.each([
    ['asks for tools all the same', looking()],
    ['says nothing', { text: '' }],
  ])('fails when the model %s, and there is no text', async (_, last) => {
    expect(await run([looking('Let me see. '), last], { maxIterations: 2 })).toMatchObject({ text: 'Let me see. ', error: { code: 'ITERATIONS_EXHAUSTED', message: expect.stringContaining('2 model calls') } });
  });

  it('is an answer when the model says something and asks for tools as well', async () => {
    expect(await run([looking(), looking('Here.')], { maxIterations: 2 })).toMatchObject({ text: 'Here.', finishReason: 'iterations-exhausted', error: null });
  });
});

describe('a failing model', () => {
  it.each([408, 409, 429, 500, 503])('is asked again after status %i, when the provider says', async (status) => {
    expect(await run([{ status }, { status }, { text: 'Here.' }])).toMatchObject({ text: 'Here.', error: null });
  });

  it.each([[400, 1], [401, 1], [503, 3]])('has failed for good with status %i after %i calls', async (status, calls) => {
    expect(await run([{ status }, { status }, { status }, { text: 'too late' }])).toMatchObject({ text: '', error: { code: 'PROVIDER_FAILED', message: expect.stringContaining(`HTTP ${String(status)}`) } });
    expect(first.calls).toHaveLength(calls);
  });

  it('keeps what was used before it failed', async () => {
    expect(await run([looking(), { status: 400 }])).toMatchObject({ usage: { totalTokens: 11 }, error: { code: 'PROVIDER_FAILED' } });
  });

  it('that breaks off adds an estimate of the call in hand to what the finished ones have used', async () => {
    const { usage } = await run([looking(), { text: 'Half an', breaks: true }]);
    expect(usage).toMatchObject({ outputTokens: 1 + 'Half an'.length, isEstimated: true });
    expect(usage.inputTokens).toBeGreaterThan(10 + 'A guide.\n\nBe short.Where am I?'.length);
    expect(usage.totalTokens).toBe(usage.inputTokens + usage.outputTokens);
  });

  it('that is aborted adds an estimate, too, of what it was asked for', async () => {
    const controller = new AbortController();
    const stopping = tool('look', async () => { controller.abort(); });
    const asked = 'A guide.\n\nBe short.Where am I?'.length;
    expect(await run([looking()], { tools: [stopping], signal: controller.signal })).toMatchObject({ usage: { inputTokens: asked, outputTokens: '{}'.length, isEstimated: true } });
    const before = new AbortController();
    before.abort();
    expect(await run([], { signal: before.signal })).toMatchObject({ usage: { totalTokens: 0 } });
  });

  it('that breaks off in a phase that nobody reads leaves its estimate to the fallback’s usage', async () => {
    second = new ScriptedModel([{ text: 'notes' }, { text: 'There.' }]);
    const { usage } = await run([{ text: 'plan' }, { text: 'half a no', breaks: true }], { type: 'workflow', fallbackModel: FALLBACK });
    expect(usage).toMatchObject({ outputTokens: 3 + 'half a no'.length, isEstimated: true });
  });

  it('gives way to the fallback, with an event, which takes up where it failed: no tool runs twice', async () => {
    second = new ScriptedModel([{ text: 'There.' }]);
    expect(await run([looking(), { status: 400 }], { fallbackModel: FALLBACK, maxIterations: 3 })).toMatchObject({ text: 'There.', error: null, answeredBy: FALLBACK, usage: { totalTokens: 22 } });
    expect(ofType('progress')).toEqual([{ stage: 'fallback', ...FALLBACK, reason: expect.stringContaining('HTTP 400') }]);
    expect(ran).toEqual(['look']);
    expect(second.calls[0]!.prompt.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
  });

  it('is told without the operator’s keys, as a reason to give way as well as at the end', async () => {
    second = new ScriptedModel([{ status: 401 }]);
    const { error } = await run([{ status: 400 }], { fallbackModel: FALLBACK });
    expect([ofType('progress'), error]).toEqual([[expect.objectContaining({ reason: expect.stringContaining('secret 400') })], expect.objectContaining({ message: expect.stringContaining('secret 401') })]);
  });

  it('leaves the fallback no more calls than it had itself', async () => {
    second = new ScriptedModel([looking(), { text: 'There.' }]);
    expect(await run([looking(), { status: 400 }], { fallbackModel: FALLBACK, maxIterations: 3 })).toMatchObject({ text: 'There.', finishReason: 'iterations-exhausted' });
    expect(second.toolChoices).toEqual(['auto', 'none']);
  });

  it('gives way when there is no such model any more', async () => {
    second = new ScriptedModel([{ text: 'There.' }]);
    const resolve: LoopInput['models']['resolve'] = (provider, model) => {
      if (model === 'second') return second.model;
      throw modelUnknown(provider, model, []);
    };
    expect(await run([], { models: { resolve, redact: String }, fallbackModel: FALLBACK })).toMatchObject({ text: 'There.', error: null });
    expect(await run([], { models: { resolve, redact: String } })).toMatchObject({ text: '', error: { code: 'MODEL_UNKNOWN' } });
  });

  it.each([
    ['breaks off in mid-answer', [{ text: 'Here is the first h', breaks: true }]],
    ['fails after it has said something before a tool', [looking('Let me see. '), { status: 400 }]],
  ] as const)('keeps what it said, and does not give way, when it %s', async (_, script) => {
    second = new ScriptedModel([{ text: 'There.' }]);
    expect(await run(script, { fallbackModel: FALLBACK })).toMatchObject({ text: expect.stringMatching(/^(Here is|Let me)/), error: { code: 'PROVIDER_FAILED' }, answeredBy: { model: 'first' } });
    expect(second.calls).toEqual([]);
  });

  it('fails with the fallback’s reason when that fails, too', async () => {
    second = new ScriptedModel([{ status: 401 }]);
    expect(await run([{ status: 400 }], { fallbackModel: FALLBACK })).toMatchObject({ error: { message: expect.stringContaining('HTTP 401') }, answeredBy: FALLBACK });
  });

  it('does not give way once the run is aborted', async () => {
    const controller = new AbortController();
    second = new ScriptedModel([{ text: 'There.' }]);
    const stopping = tool('look', async () => { controller.abort(); });
    await run([looking(), { status: 400 }], { tools: [stopping], signal: controller.signal, fallbackModel: FALLBACK });
    expect(second.calls).toEqual([]);
  });
});

describe('a workflow', () => {
  const PLAN = { text: 'Look around.' };

  it('plans without tools, works with them, and answers from its notes; only the answer is streamed', async () => {
    const outcome = await run([PLAN, looking(), { text: 'Saw a tower.' }, { text: 'You are at the tower.' }], { type: 'workflow' });
    expect(outcome).toMatchObject({ text: 'You are at the tower.', finishReason: 'stop', error: null, usage: { totalTokens: 44 } });
    expect(first.toolChoices).toEqual(['none', 'auto', 'auto', 'none']);
    expect(ofType('progress')).toEqual([{ stage: 'analyse', text: 'Look around.' }, { stage: 'process', text: 'Saw a tower.' }, { stage: 'respond' }]);
    expect(streamed()).toBe('You are at the tower.');
    expect([1, 3].map((call) => first.systemOf(call).includes('Look around.'))).toEqual([true, true]);
    expect(first.systemOf(3)).toContain('Saw a tower.');
    expect(first.calls[3]!.prompt.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
  });

  it('counts its calls over all phases, and answers when they are used up', async () => {
    expect(await run([PLAN, looking(), looking(), { text: 'Somewhere.' }], { type: 'workflow', maxIterations: 4 })).toMatchObject({ text: 'Somewhere.', finishReason: 'iterations-exhausted', error: null });
    expect(first.calls).toHaveLength(4);
  });

  it.each([
    [1, ['none'], ['respond']],
    [2, ['auto', 'none'], ['process', 'respond']],
  ])('does without phases when it has %i calls', async (maxIterations, choices, stages) => {
    const script = maxIterations === 1 ? [{ text: 'Here.' }] : [{ text: 'notes' }, { text: 'Here.' }];
    expect(await run(script, { type: 'workflow', maxIterations })).toMatchObject({ text: 'Here.', finishReason: 'stop' });
    expect(first.toolChoices).toEqual(choices);
    expect(ofType('progress').map(({ stage }) => stage)).toEqual(stages);
  });

  it('stays with the fallback once it was needed, even if something was said in a phase that nobody reads', async () => {
    second = new ScriptedModel([{ text: 'notes' }, { text: 'There.' }]);
    expect(await run([PLAN, { text: 'half a no', breaks: true }], { type: 'workflow', fallbackModel: FALLBACK })).toMatchObject({ text: 'There.', error: null, answeredBy: FALLBACK });
    expect(ofType('progress').map(({ stage }) => stage)).toEqual(['analyse', 'fallback', 'process', 'respond']);
    expect(first.calls).toHaveLength(2);
  });

  it.each([
    [1, [{ status: 400 }]],
    [2, [PLAN, { status: 400 }]],
    [3, [PLAN, { text: 'notes' }, { status: 400 }]],
  ])('fails with its phase %i, without an answer', async (calls, script) => {
    expect(await run(script, { type: 'workflow' })).toMatchObject({ text: '', error: { code: 'PROVIDER_FAILED' } });
    expect(first.calls).toHaveLength(calls);
  });
});
