import { type ModelMessage, type ProviderMetadata, type TextStreamPart, ToolChoiceViolationError, type ToolSet, dynamicTool, isStepCount, jsonSchema, streamText } from 'ai';
import type { NewExecutionEvent, TokenUsage } from '../../../contracts/index.js';
import type { AgentTool } from '../tools/agent-tool.js';
import type { ProviderModel } from './builtin.model.js';
import { estimatedUsage } from './cut-off-call.js';
import { failureSentence, withFailuresAsSentences } from './tool-failures.js';
import { wholeTokens } from './whole-tokens.js';

/** Calls of one model that belong together. */
export interface ModelRequest {
  readonly executionId: string;
  readonly model: ProviderModel;
  readonly instructions: string | undefined;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly AgentTool[];
  readonly temperature: number;
  readonly maxOutputTokens: number;
  /** Calls at the most, > 0. */
  readonly maxCalls: number;
  /** From this call on, counted from 0, the model may not ask for tools. */
  readonly toolsUntil: number;
  readonly signal: AbortSignal;
  /** Whether the call in hand, when it is cut off, is on this run's bill: one that goes on for somebody else, or was his, is not. Without it: always. */
  readonly isBilled?: (() => boolean) | undefined;
  /** Tokens of a text for this model. */
  readonly countTokens: (text: string) => number;
}

/** Who is told of what happens. */
export interface ModelListener {
  readonly text: (text: string) => void;
  readonly tool: (event: NewExecutionEvent) => Promise<void>;
}

/** What the calls came to. */
export interface ModelAnswer {
  /** Of all calls. */
  readonly text: string;
  /** Of the last one. */
  readonly lastText: string;
  /** Of all calls; of one that was cut off it is an estimate. */
  readonly usage: TokenUsage;
  /** Calls that came to their end. */
  readonly calls: number;
  /** The provider's, `tool-calls` when the model wanted to go on. */
  readonly finishReason: string;
  /** Those of the request, and what the model and the tools have said since in calls that came to their end. */
  readonly messages: readonly ModelMessage[];
  /** What the provider failed with, or the signal fired with; undefined when nothing was amiss. */
  readonly failure: unknown;
}

export const NO_USAGE: TokenUsage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };

/** Times that a failed call is repeated where the error allows it (408, 409, 429, 5xx, network): after 2 s, then 4 s, or when the provider says (`retry-after`). */
const MAX_RETRIES = 2;

/** The answer while it comes. */
interface Incoming extends Omit<ModelAnswer, 'messages'> {
  /** Calls whose usage is known. */
  readonly counted: number;
  /** What has come of the call in hand. */
  readonly said: string;
}

type Part = TextStreamPart<ToolSet>;

/**
 * Calls a model, and the tools it asks for, all of one call at once, until it answers or may not be called again.
 * A failure of the provider and the caller's signal are answers too.
 *
 * @throws only what the listener throws
 */
export async function callModel(request: ModelRequest, listener: ModelListener): Promise<ModelAnswer> {
  const messages = [...request.messages];
  let sent = 0;
  const { stream } = streamText({
    model: request.model,
    instructions: request.instructions,
    messages: [...messages],
    allowSystemInMessages: true,
    tools: Object.fromEntries(request.tools.map((tool) => [tool.name, toSdkTool(tool)])),
    stopWhen: isStepCount(request.maxCalls),
    prepareStep: ({ stepNumber, messages: shown }) => {
      if (!request.signal.aborted) sent = stepNumber + 1;
      return { messages: withFailuresAsSentences(shown), ...(stepNumber >= request.toolsUntil && { toolChoice: 'none' as const }) };
    },
    onStepEnd: ({ response, finishReason }) => {
      if (finishReason !== 'error') messages.push(...withFailuresAsSentences(response.messages));
    },
    temperature: request.temperature,
    maxOutputTokens: request.maxOutputTokens,
    maxRetries: MAX_RETRIES,
    abortSignal: request.signal,
    providerOptions: { nooble: { executionId: request.executionId } },
    // The stream itself brings errors; without this the SDK also prints them.
    onError: () => undefined,
  });
  let incoming: Incoming = { text: '', lastText: '', usage: NO_USAGE, calls: 0, finishReason: 'unknown', failure: undefined, counted: 0, said: '' };
  for await (const part of withFailureAsPart(stream)) {
    incoming = after(incoming, part);
    await tell(part, listener);
  }
  const { counted, said, ...rest } = incoming;
  // One that was refused before it said anything has cost nothing.
  const isCutOff = sent > counted && (said !== '' || request.signal.aborted) && request.isBilled?.() !== false;
  const usage = isCutOff ? total(rest.usage, estimatedUsage({ instructions: request.instructions, messages, said }, request.countTokens)) : rest.usage;
  const answer = { ...rest, usage, messages };
  // The model asked for tools where it may not: no failure of its provider.
  return ToolChoiceViolationError.isInstance(answer.failure) ? { ...answer, calls: answer.calls + 1, finishReason: 'tool-calls', failure: undefined } : answer;
}

/** A connection that breaks in mid-answer makes the SDK's stream throw, where other failures are parts of it. */
async function* withFailureAsPart(stream: AsyncIterable<Part>): AsyncGenerator<Part> {
  try {
    yield* stream;
  } catch (error) {
    yield { type: 'error', error };
  }
}

function after(before: Incoming, part: Part): Incoming {
  const incoming = { ...before, said: before.said + saidIn(part) };
  if (part.type === 'start-step') return { ...incoming, lastText: '' };
  if (part.type === 'text-delta') return { ...incoming, text: incoming.text + part.text, lastText: incoming.lastText + part.text };
  if (part.type === 'finish-step') return afterStep(incoming, part);
  if (part.type === 'error') return { ...incoming, failure: part.error };
  return incoming;
}

function afterStep(incoming: Incoming, { finishReason, usage: reported, providerMetadata }: Extract<Part, { type: 'finish-step' }>): Incoming {
  const usage = usageOf(reported, providerMetadata);
  const isEnd = finishReason !== 'error';
  const ended = { ...incoming, calls: incoming.calls + (isEnd ? 1 : 0), usage: total(incoming.usage, usage), finishReason };
  return isEnd || usage.totalTokens > 0 ? { ...ended, counted: incoming.counted + 1, said: '' } : ended;
}

function saidIn(part: Part): string {
  if (part.type === 'text-delta' || part.type === 'reasoning-delta') return part.text;
  if (part.type === 'tool-input-start') return part.toolName;
  return part.type === 'tool-call' ? JSON.stringify(part.input) : '';
}

async function tell(part: Part, { text, tool }: ModelListener): Promise<void> {
  if (part.type === 'text-delta') text(part.text);
  else if (part.type === 'tool-call') await tool({ type: 'tool.started', data: { toolCallId: part.toolCallId, name: part.toolName, input: part.input } });
  else if (part.type === 'tool-result') await tool({ type: 'tool.completed', data: { toolCallId: part.toolCallId, name: part.toolName, output: part.output } });
  else if (part.type === 'tool-error') await tool({ type: 'tool.completed', data: { toolCallId: part.toolCallId, name: part.toolName, error: failureSentence(part.error) } });
}

function toSdkTool({ description, inputSchema, execute }: AgentTool): ToolSet[string] {
  return dynamicTool({ description, inputSchema: jsonSchema(inputSchema), execute: (input, { abortSignal }) => execute(input, abortSignal ?? new AbortController().signal) });
}

/** The sum of what two calls have used; an estimate if one of them is. */
export function total(one: TokenUsage, other: TokenUsage): TokenUsage {
  const isEstimated = one.isEstimated ?? other.isEstimated;
  const savedTokens = (one.savedTokens ?? 0) + (other.savedTokens ?? 0);
  return { inputTokens: one.inputTokens + other.inputTokens, outputTokens: one.outputTokens + other.outputTokens, totalTokens: one.totalTokens + other.totalTokens, ...(isEstimated && { isEstimated }), ...(savedTokens > 0 && { savedTokens }) };
}

/** What is given again has cost nothing. */
function usageOf(reported: Parameters<typeof toUsage>[0], metadata: ProviderMetadata | undefined): TokenUsage {
  const usage = toUsage(reported);
  return metadata?.['nooble']?.['cached'] === true ? { ...NO_USAGE, savedTokens: usage.totalTokens } : usage;
}

function toUsage(reported: { inputTokens: number | undefined; outputTokens: number | undefined; totalTokens: number | undefined }): TokenUsage {
  const [inputTokens, outputTokens] = [wholeTokens(reported.inputTokens), wholeTokens(reported.outputTokens)];
  return { inputTokens, outputTokens, totalTokens: Math.max(wholeTokens(reported.totalTokens), inputTokens + outputTokens) };
}
