import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { APICallError, type LanguageModel } from 'ai';
import { parseDirectives, type BuiltinDirectives, type ToolDirective } from './builtin-directives.js';

/** A model the AI SDK can call; `ai` does not export the name, so it is taken out of its union. */
export type ProviderModel = Extract<LanguageModel, { specificationVersion: 'v4' }>;

type CallOptions = Parameters<ProviderModel['doStream']>[0];
type GenerateResult = Awaited<ReturnType<ProviderModel['doGenerate']>>;
type StreamResult = Awaited<ReturnType<ProviderModel['doStream']>>;
type StreamPart = StreamResult['stream'] extends ReadableStream<infer Part> ? Part : never;
type ToolCall = Extract<StreamPart, { type: 'tool-call' }>;
type Message = CallOptions['prompt'][number];
type Part = Exclude<Message, { role: 'system' }>['content'][number];
type ToolResult = Extract<Part, { type: 'tool-result' }>;

interface Answer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly usage: GenerateResult['usage'];
  readonly delayMs: number;
}

/** The one model name of the provider `builtin`. */
export const BUILTIN_MODEL_NAME = 'builtin/chat';

const TEXT_ID = 'answer';
const WORD = /\S+\s*|\s+/g;
// Guesses. A turn given away every 256 words lets timers and sockets in between at a cost that does not show;
// 4096 executions that fail a counted number of times in one process are more than any test or bench has.
const WORDS_PER_TURN = 256;
const MAX_COUNTED_EXECUTIONS = 4_096;
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The offline, deterministic model `builtin/chat`. Without directives it answers
 * `Turn N. You said: "<last user message>". I have <m> messages (<t> tokens) in my window.`, word by word, where N is the number of user messages,
 * m the number of messages that are not system messages, t their tokens, and the quoted message has lost its directive lines.
 *
 * Each call goes in this order: malformed directive, `@think`, `@fail`, `@hang`, then what it answers with, the first that applies:
 * tool calls (`@loop` always, `@tool` unless the prompt ends with tool results, neither under tool choice `none`),
 * the tool results the prompt ends with as JSON `[{ tool, output } | { tool, error }]`, `@echo-context`, `@tokens`, the default answer.
 *
 * `@fail CODE TIMES` counts calls per `providerOptions.nooble.executionId`, in this instance only: after a restart it fails again.
 *
 * @param options.countTokens  the tokenizer of the memory window; usage is counted with it (input: all prompt text, output: the answer)
 * @returns a model whose calls reject with `APICallError`: the status of `@fail`, 400 for a malformed directive or a TIMES without execution;
 *          aborted, they reject (or error the stream) with the signal's reason
 * @source docs/builtin-model.md
 */
export function createBuiltinModel(options: { countTokens: (text: string) => number }): ProviderModel {
  const failedCalls = new Map<string, number>();
  const answer = (call: CallOptions): Promise<Answer> => answerCall(call, options.countTokens, failedCalls);
  return {
    specificationVersion: 'v4',
    provider: 'builtin',
    modelId: BUILTIN_MODEL_NAME,
    // Claims every URL, so that the SDK downloads nothing for a model that works offline.
    supportedUrls: { '*/*': [/.*/] },
    doGenerate: async (call) => generateResult(await answer(call), call.abortSignal),
    doStream: async (call) => ({ stream: streamOf(await answer(call), call.abortSignal) }),
  };
}

async function answerCall(call: CallOptions, countTokens: (text: string) => number, failedCalls: Map<string, number>): Promise<Answer> {
  const { prompt, abortSignal } = call;
  abortSignal?.throwIfAborted();
  const system = prompt.filter(({ role }) => role === 'system').map(textOf).join('\n');
  const lastUser = prompt.findLast(({ role }) => role === 'user');
  const parsed = parseDirectives(system, lastUser === undefined ? '' : textOf(lastUser));
  if (!parsed.ok) throw providerError(400, parsed.problem);
  const { directives, userText } = parsed;

  if (directives.thinkMs > 0) await pause(directives.thinkMs, abortSignal);
  failIfTold(directives, executionIdOf(call), failedCalls);
  if (directives.hangs) await untilAborted(abortSignal);

  const tokens = prompt.map((message) => ({ role: message.role, tokens: countTokens(textOf(message)) }));
  const toolCalls = toolCallsOf(directives, call);
  const windowTokens = sum(tokens.filter(({ role }) => role !== 'system'));
  const text = toolCalls.length > 0 ? '' : answerText({ directives, prompt, userText, windowTokens });
  const output = toolCalls.length > 0 ? toolCalls.map(({ toolName, input }) => `${toolName} ${input}`).join('\n') : text;
  return { text, toolCalls, usage: usageOf(sum(tokens), countTokens(output)), delayMs: directives.delayMs };
}

function failIfTold({ fail }: BuiltinDirectives, executionId: string | undefined, failedCalls: Map<string, number>): void {
  if (fail === undefined) return;
  const told = `@fail ${fail.statusCode}`;
  if (fail.times === undefined) throw providerError(fail.statusCode, `The builtin model was told to fail: ${told}.`);
  if (executionId === undefined) {
    throw providerError(400, `"${told} ${fail.times}" counts the calls of an execution: pass providerOptions.nooble.executionId, or leave TIMES away.`);
  }
  const failed = failedCalls.get(executionId) ?? 0;
  if (failed >= fail.times) return;
  // Set again at the end of the map, so that what is evicted first is the execution that has not failed for longest.
  failedCalls.delete(executionId);
  failedCalls.set(executionId, failed + 1);
  if (failedCalls.size > MAX_COUNTED_EXECUTIONS) failedCalls.delete(failedCalls.keys().next().value ?? '');
  throw providerError(fail.statusCode, `The builtin model was told to fail: ${told} ${fail.times}, this is call ${failed + 1}.`);
}

function executionIdOf(call: CallOptions): string | undefined {
  const executionId = call.providerOptions?.['nooble']?.['executionId'];
  return typeof executionId === 'string' && executionId !== '' ? executionId : undefined;
}

/** Numbered on from the calls already in the prompt, so ids are unique in an execution and the same in a repeated one. */
function toolCallsOf(directives: BuiltinDirectives, call: CallOptions): ToolCall[] {
  if (call.toolChoice?.type === 'none') return [];
  const wanted: readonly ToolDirective[] = call.prompt.at(-1)?.role === 'tool' ? directives.loops : [...directives.tools, ...directives.loops];
  if (wanted.length === 0) return [];
  const before = call.prompt.flatMap(partsOf).filter(({ type }) => type === 'tool-call').length;
  const prefix = `call_${executionIdOf(call) ?? 'builtin'}`;
  return wanted.map(({ toolName, inputJson }, index) => ({
    type: 'tool-call',
    toolCallId: `${prefix}_${before + index + 1}`,
    toolName,
    input: inputJson,
  }));
}

interface Question {
  readonly directives: BuiltinDirectives;
  readonly prompt: CallOptions['prompt'];
  readonly userText: string;
  readonly windowTokens: number;
}

function answerText({ directives, prompt, userText, windowTokens }: Question): string {
  if (prompt.at(-1)?.role === 'tool') return JSON.stringify(lastToolResults(prompt).map(reportOf));
  if (directives.echoesContext) return JSON.stringify(prompt.map(echoOf));
  if (directives.tokens !== undefined) return Array.from({ length: directives.tokens }, (_, index) => `word${index + 1}`).join(' ');
  const turn = prompt.filter(({ role }) => role === 'user').length;
  const messages = prompt.filter(({ role }) => role !== 'system').length;
  return `Turn ${turn}. You said: "${userText}". I have ${messages} messages (${windowTokens} tokens) in my window.`;
}

function lastToolResults(prompt: CallOptions['prompt']): ToolResult[] {
  const lastOther = prompt.findLastIndex(({ role }) => role !== 'tool');
  return prompt.slice(lastOther + 1).flatMap(partsOf).filter((part) => part.type === 'tool-result');
}

function reportOf({ toolName, output }: ToolResult): { tool: string; output?: unknown; error?: unknown } {
  switch (output.type) {
    case 'text':
    case 'json':
    case 'content':
      return { tool: toolName, output: output.value };
    case 'error-text':
    case 'error-json':
      return { tool: toolName, error: output.value };
    case 'execution-denied':
      return { tool: toolName, error: output.reason ?? 'execution denied' };
  }
}

/** Plain text stays a string, anything else shows its parts. */
function echoOf(message: Message): { role: string; content: unknown } {
  const parts = partsOf(message);
  return { role: message.role, content: parts.every(({ type }) => type === 'text') ? textOf(message) : parts };
}

function partsOf(message: Message): Part[] {
  return message.role === 'system' ? [{ type: 'text', text: message.content }] : message.content;
}

function textOf(message: Message): string {
  return message.role === 'system' ? message.content : message.content.map(textOfPart).join('\n');
}

function textOfPart(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return part.text;
    case 'tool-call':
      return `${part.toolName} ${JSON.stringify(part.input)}`;
    case 'tool-result':
      return JSON.stringify(reportOf(part));
    case 'file':
    case 'reasoning-file':
    case 'custom':
    case 'tool-approval-response':
      return '';
  }
}

function sum(counts: readonly { readonly tokens: number }[]): number {
  return counts.reduce((total, { tokens }) => total + tokens, 0);
}

function usageOf(inputTokens: number, outputTokens: number): GenerateResult['usage'] {
  return {
    inputTokens: { total: inputTokens, noCache: inputTokens, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: outputTokens, text: outputTokens, reasoning: 0 },
  };
}

function finishReasonOf({ toolCalls }: Answer): GenerateResult['finishReason'] {
  return toolCalls.length > 0 ? { unified: 'tool-calls', raw: 'tool_calls' } : { unified: 'stop', raw: 'stop' };
}

async function generateResult(answer: Answer, signal: AbortSignal | undefined): Promise<GenerateResult> {
  const words = answer.delayMs > 0 ? (answer.text.match(WORD)?.length ?? 0) : 0;
  if (words > 1) await pause((words - 1) * answer.delayMs, signal);
  const content: GenerateResult['content'] = answer.toolCalls.length > 0 ? [...answer.toolCalls] : [{ type: 'text', text: answer.text }];
  return { content, finishReason: finishReasonOf(answer), usage: answer.usage, warnings: [] };
}

function* partsToStream(answer: Answer): Generator<StreamPart, void, undefined> {
  yield { type: 'stream-start', warnings: [] };
  if (answer.toolCalls.length > 0) {
    yield* answer.toolCalls;
  } else {
    yield { type: 'text-start', id: TEXT_ID };
    for (const [delta] of answer.text.matchAll(WORD)) yield { type: 'text-delta', id: TEXT_ID, delta };
    yield { type: 'text-end', id: TEXT_ID };
  }
  yield { type: 'finish', finishReason: finishReasonOf(answer), usage: answer.usage };
}

function streamOf(answer: Answer, signal: AbortSignal | undefined): ReadableStream<StreamPart> {
  const parts = partsToStream(answer);
  const cancelled = new AbortController();
  let words = 0;
  return new ReadableStream<StreamPart>({
    // Not async: without a delay a part costs no promise of ours.
    pull(controller): Promise<void> | undefined {
      signal?.throwIfAborted();
      const { value: part, done } = parts.next();
      if (done === true) {
        controller.close();
        return undefined;
      }
      const isWord = part.type === 'text-delta';
      if (isWord) words += 1;
      const wait = isWord ? waitBefore(words, answer.delayMs, [signal, cancelled.signal]) : undefined;
      if (wait === undefined) controller.enqueue(part);
      return wait?.then(() => controller.enqueue(part));
    },
    cancel: (reason) => cancelled.abort(reason),
  });
}

function waitBefore(word: number, delayMs: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> | undefined {
  if (delayMs > 0 && word > 1) return pause(delayMs, AbortSignal.any(signals.filter((signal) => signal !== undefined)));
  // Pulls without a delay run in microtasks alone: a long answer would keep every timer, and so its own deadline, from firing.
  return delayMs === 0 && word % WORDS_PER_TURN === 0 ? nextTurn() : undefined;
}

async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(Math.min(waitMs, MAX_TIMER_MS), undefined, { signal });
  } catch (error) {
    // The timer rejects with an AbortError of its own; callers are promised the signal's reason.
    signal?.throwIfAborted();
    throw error;
  }
}

async function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
  signal?.throwIfAborted();
}

/** Retryable as the SDK decides by the status. The prompt is left out: errors are logged, prompts are not. */
function providerError(statusCode: number, message: string): APICallError {
  return new APICallError({ message, statusCode, url: 'builtin:chat', requestBodyValues: {} });
}
