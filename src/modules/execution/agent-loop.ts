import { APICallError, type ModelMessage, RetryError, type TextStreamPart, type ToolSet, dynamicTool, isStepCount, jsonSchema, streamText } from 'ai';
import type { ExecutionError, TokenUsage } from '../../contracts/index.js';
import { AppError } from '../../shared/errors/index.js';
import { type Message, toStorableText } from '../conversations/index.js';
import type { AgentSnapshot, LlmConfig } from './context/execution-context.js';
import type { EventWriter } from './event-log/event-writer.js';
import type { ProviderModel } from './models/builtin.model.js';
import type { AgentTool } from './tools/agent-tool.js';

/** What one run of the loop needs. */
export interface LoopInput {
  readonly executionId: string;
  readonly agent: AgentSnapshot;
  readonly llm: LlmConfig;
  readonly model: ProviderModel;
  /** Oldest first, as the memory window has them. */
  readonly messages: readonly Message[];
  readonly tools: readonly AgentTool[];
  /** Model calls at the most. */
  readonly maxIterations: number;
  readonly signal: AbortSignal;
}

/** How the loop ended; `text` is what there was of an answer in any case. Look at the signal first: when it has fired, the rest says little. */
export interface LoopOutcome {
  readonly text: string;
  readonly usage: TokenUsage;
  readonly finishReason: string;
  /** Set when there is no whole answer. */
  readonly error: ExecutionError | null;
}

const NO_USAGE: TokenUsage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };

/**
 * Calls the model, and the tools it asks for, until it answers or may not be called again; writes every step to the event log.
 * A failure of the provider and the caller's signal are outcomes.
 *
 * @throws only what the event writer throws
 */
export async function runAgentLoop(input: LoopInput, writer: EventWriter): Promise<LoopOutcome> {
  const { agent, llm, signal } = input;
  const { stream } = streamText({
    model: input.model,
    instructions: [agent.background, agent.systemPrompt].filter((text) => text !== null && text !== '').join('\n\n') || undefined,
    messages: input.messages.flatMap(toModelMessage),
    allowSystemInMessages: true,
    tools: Object.fromEntries(input.tools.map((tool) => [tool.name, toSdkTool(tool)])),
    stopWhen: isStepCount(input.maxIterations),
    temperature: llm.temperature,
    maxOutputTokens: llm.maxTokens,
    abortSignal: signal,
    providerOptions: { nooble: { executionId: input.executionId } },
    // The stream itself brings errors; without this the SDK also prints them.
    onError: () => undefined,
  });
  let outcome: LoopOutcome = { text: '', usage: NO_USAGE, finishReason: 'unknown', error: null };
  for await (const part of withFailureAsPart(stream)) outcome = await step(outcome, part, writer);
  return outcome.finishReason === 'tool-calls' ? { ...outcome, error: exhausted(input.maxIterations) } : outcome;
}

/** Providers quote parts of the operator's key when they refuse it. */
const KEY = /\b(sk|nk|gsk|key)[-_][\w*.-]{4,}/gi;

type Part = TextStreamPart<ToolSet>;

/** A connection that breaks in mid-answer makes the SDK's stream throw, where other failures are parts of it. */
async function* withFailureAsPart(stream: AsyncIterable<Part>): AsyncGenerator<Part> {
  try {
    yield* stream;
  } catch (error) {
    yield { type: 'error', error };
  }
}

async function step(outcome: LoopOutcome, part: Part, writer: EventWriter): Promise<LoopOutcome> {
  if (part.type === 'text-delta') {
    writer.delta(part.text);
    return { ...outcome, text: outcome.text + part.text };
  }
  if (part.type === 'error') return { ...outcome, error: toExecutionError(part.error) };
  if (part.type === 'finish') return { ...outcome, usage: toUsage(part.totalUsage), finishReason: part.finishReason };
  await writeToolStep(part, writer);
  return outcome;
}

async function writeToolStep(part: Part, writer: EventWriter): Promise<void> {
  if (part.type === 'tool-call') writer.add({ type: 'tool.started', data: { toolCallId: part.toolCallId, name: part.toolName, input: part.input } });
  else if (part.type === 'tool-result') writer.add({ type: 'tool.completed', data: { toolCallId: part.toolCallId, name: part.toolName, output: part.output } });
  else if (part.type === 'tool-error') writer.add({ type: 'tool.completed', data: { toolCallId: part.toolCallId, name: part.toolName, error: messageOf(part.error) } });
  else return;
  await writer.flush();
}

/** Tool messages of earlier runs are not stored yet, and system messages in mid-conversation are the agent's own. */
function toModelMessage({ role, content }: Message): ModelMessage[] {
  if (role === 'tool') return [];
  return [{ role, content }];
}

function toSdkTool({ description, inputSchema, execute }: AgentTool): ToolSet[string] {
  return dynamicTool({ description, inputSchema: jsonSchema(inputSchema), execute: (input, { abortSignal }) => execute(input, abortSignal ?? new AbortController().signal) });
}

function toUsage({ inputTokens = 0, outputTokens = 0, totalTokens }: { inputTokens: number | undefined; outputTokens: number | undefined; totalTokens: number | undefined }): TokenUsage {
  return { inputTokens, outputTokens, totalTokens: totalTokens ?? inputTokens + outputTokens };
}

function toExecutionError(thrown: unknown): ExecutionError {
  const cause = RetryError.isInstance(thrown) ? thrown.lastError : thrown;
  if (cause instanceof AppError) return { code: cause.code, message: cause.message };
  const status = APICallError.isInstance(cause) && cause.statusCode !== undefined ? ` (HTTP ${String(cause.statusCode)})` : '';
  return { code: 'PROVIDER_FAILED', message: `The model provider failed${status}: ${messageOf(cause)}` };
}

function exhausted(maxIterations: number): ExecutionError {
  return { code: 'ITERATIONS_EXHAUSTED', message: `The agent has used its ${String(maxIterations)} model calls without an answer; allow more maxIterations.` };
}

function messageOf(thrown: unknown): string {
  return toStorableText(thrown instanceof Error ? thrown.message : String(thrown)).replace(KEY, '[key]');
}
