import { Injectable } from '@nestjs/common';
import type { DomainAction, ExecutionError, NewExecutionEvent, TokenUsage } from '../../contracts/index.js';
import { startDeadline } from '../../shared/actions/index.js';
import { ExecutionSettings } from '../../shared/config/index.js';
import { ConversationsService, type MemoryWindow, toStorableText } from '../conversations/index.js';
import { type LoopInput, type LoopOutcome, runAgentLoop } from './agent-loop.js';
import type { ExecutionContext } from './context/execution-context.js';
import { EventLogStore } from './event-log/event-log.store.js';
import type { StateChange } from './event-log/execution-hash.js';
import { EventWriter } from './event-log/event-writer.js';
import { executionErrors } from './execution.errors.js';
import type { ExecutionResult } from './execution.js';
import { ModelProviders } from './models/model-providers.js';
import { AgentTools } from './tools/agent-tools.service.js';
import { conversationOf, TurnPreparation } from './turn-preparation.service.js';

type AgentRun = DomainAction<'execution.agent_run'>;

const NO_USAGE: TokenUsage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };

/** One run of one turn: the user's message into the conversation, the model's answer out of it, every step in the event log. */
@Injectable()
export class Turn {
  constructor(
    private readonly preparation: TurnPreparation,
    private readonly tools: AgentTools,
    private readonly conversations: ConversationsService,
    private readonly models: ModelProviders,
    private readonly log: EventLogStore,
    private readonly settings: ExecutionSettings,
  ) {}

  /**
   * @param attempt 1 for the first worker that begins this execution
   * @param signal  fires when the process stops or the job's deadline is over: the run is then given back
   * @throws AppError; unless it is retryable the execution has to be failed with it
   */
  async run(action: AgentRun, attempt: number, signal: AbortSignal): Promise<void> {
    const writer = new EventWriter(this.log, { tenantId: action.tenantId, executionId: action.taskId }, this.settings.deltaIntervalMs);
    try {
      writer.add({ type: 'execution.started', data: { attempt } }, { status: 'running', attempt, startedAt: new Date() });
      writer.send();
      if (attempt > 1 && (await this.finishAnswered(action, writer))) return;
      await this.begin(action, writer, signal);
    } finally {
      await writer.discard();
    }
  }

  private async begin(action: AgentRun, writer: EventWriter, signal: AbortSignal): Promise<void> {
    const { context, source, window } = await this.preparation.prepare(action);
    const { model, provider } = context.llm;
    const agentVersion = context.agent.version;
    const resolved = { agentVersion, model, provider, messages: window.messages.length, tokens: window.totalTokens, source };
    writer.add({ type: 'context.resolved', data: resolved }, { agentVersion, contextSource: source });
    writer.send();
    await this.answer(action, { context, window, writer, signal });
  }

  private async answer(action: AgentRun, { context, window, writer, signal }: Prepared): Promise<void> {
    const { agent, llm, limits } = context;
    const timeoutMs = Math.min(action.data.timeoutMs ?? limits.runTimeoutMs, limits.runTimeoutMs);
    using deadline = startDeadline(timeoutMs, signal, () => executionErrors.timedOut(timeoutMs));
    const input: LoopInput = {
      executionId: action.taskId,
      agent,
      llm,
      model: this.models.resolve(llm.provider, llm.model),
      messages: window.messages,
      tools: await this.tools.load(action.tenantId, agent.agentId, agent.tools),
      maxIterations: Math.min(action.data.maxIterations ?? agent.maxIterations, limits.maxIterations),
      signal: AbortSignal.any([deadline.signal, writer.failed]),
    };
    const outcome = await runAgentLoop(input, writer);
    signal.throwIfAborted();
    writer.failed.throwIfAborted();
    await this.finish(action, context, deadline.hasPassed() ? timedOut(outcome, timeoutMs) : outcome, writer);
  }

  /** The answer, or what there is of it, into the conversation first; then the terminal event. A crash between the two is finished by the next try. */
  private async finish(action: AgentRun, context: ExecutionContext, outcome: LoopOutcome, writer: EventWriter): Promise<void> {
    const content = toStorableText(outcome.text);
    const result = content === '' && outcome.error !== null ? null : await this.appendAnswer(action, context, content, outcome);
    await end(result, outcome, writer);
  }

  private async appendAnswer(action: AgentRun, context: ExecutionContext, content: string, outcome: LoopOutcome): Promise<ExecutionResult> {
    const { tenantId, taskId: executionId } = action;
    const messageId = answerId(action);
    const metadata: PartialAnswer | null = outcome.error && { isPartial: true, finishReason: outcome.finishReason, error: outcome.error };
    const message = { messageId, role: 'assistant', content, agentId: context.agentId, executionId, metadata: metadata && { ...metadata } } as const;
    const { seq, earlier } = await this.conversations.append(tenantId, conversationOf(action, context), message);
    // A worker that was thought lost may have been quicker: its answer is the one that the conversation has.
    return { messageId, seq, content: earlier?.content ?? content };
  }

  /** An earlier worker was lost after the answer, whole or in part, was in the conversation: only the end is missing. */
  private async finishAnswered(action: AgentRun, writer: EventWriter): Promise<boolean> {
    const ref = { tenantId: action.tenantId, conversationId: action.data.conversationId };
    const answer = await this.conversations.findMessage(ref, answerId(action));
    if (!answer) return false;
    const { messageId, seq, content } = answer;
    const { finishReason = 'recovered', error = null } = (answer.metadata ?? {}) as Partial<PartialAnswer>;
    await end({ messageId, seq, content }, { text: content, usage: NO_USAGE, finishReason, error }, writer);
    return true;
  }
}

/** What an answer that broke off says of itself. */
interface PartialAnswer {
  readonly isPartial: true;
  readonly finishReason: string;
  readonly error: ExecutionError;
}

async function end(result: ExecutionResult | null, outcome: LoopOutcome, writer: EventWriter): Promise<void> {
  const { usage } = outcome;
  if (result && outcome.error === null) writer.add({ type: 'message.completed', data: { ...result, usage } });
  const [event, change] = terminal(outcome);
  writer.add(event, { ...change, result, usage, endedAt: new Date() });
  await writer.flush();
}

interface Prepared {
  readonly context: ExecutionContext;
  readonly window: MemoryWindow;
  readonly writer: EventWriter;
  readonly signal: AbortSignal;
}

function answerId({ taskId }: AgentRun): string {
  return `${taskId}.assistant`;
}

function timedOut(outcome: LoopOutcome, timeoutMs: number): LoopOutcome {
  const { code, message } = executionErrors.timedOut(timeoutMs);
  return { ...outcome, finishReason: 'timedOut', error: { code, message } };
}

function terminal({ usage, finishReason, error }: LoopOutcome): [NewExecutionEvent, StateChange] {
  if (error === null) return [{ type: 'execution.completed', data: { usage, finishReason } }, { status: 'completed' }];
  const type = finishReason === 'timedOut' ? 'execution.timedOut' : 'execution.failed';
  return [{ type, data: { error: error satisfies ExecutionError } }, { status: type === 'execution.timedOut' ? 'timedOut' : 'failed', error }];
}
