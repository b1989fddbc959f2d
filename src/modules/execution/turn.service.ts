import { Injectable } from '@nestjs/common';
import type { DomainAction } from '../../contracts/index.js';
import { startDeadline } from '../../shared/actions/index.js';
import type { MemoryWindow } from '../conversations/index.js';
import { type LoopInput, runAgentLoop } from './agent-loop.js';
import type { ExecutionContext } from './context/execution-context.js';
import type { EventWriter } from './event-log/event-writer.js';
import { EventWriters } from './event-log/event-writers.service.js';
import { executionErrors } from './execution.errors.js';
import type { CancelRequest, RunRef } from './execution.js';
import { RunMemos } from './memo/run-memos.service.js';
import { RunningRuns } from './runs/running-runs.service.js';
import { AgentTools } from './tools/agent-tools.service.js';
import { type Stop, TurnAnswers } from './turn-answers.service.js';
import { TurnPreparation } from './turn-preparation.service.js';

type AgentRun = DomainAction<'execution.agent_run'>;

/** One run of one turn: the user's message into the conversation, the model's answer out of it, every step in the event log. */
@Injectable()
export class Turn {
  constructor(
    private readonly preparation: TurnPreparation,
    private readonly tools: AgentTools,
    private readonly memos: RunMemos,
    private readonly answers: TurnAnswers,
    private readonly writers: EventWriters,
    private readonly running: RunningRuns,
  ) {}

  /**
   * @param attempt 1 for the first worker that begins this execution
   * @param signal  fires when the process stops or the job's deadline is over: the run is then given back
   * @returns id of the run that has the conversation now, if one has waited for it
   * @throws AppError; unless it is retryable the execution has to be failed with it
   */
  async run(action: AgentRun, attempt: number, signal: AbortSignal): Promise<string | null> {
    using running = this.running.add(runOf(action));
    const writer = await this.writers.open(action, attempt);
    try {
      const recovered = attempt > 1 ? await this.answers.findEarlier(action) : null;
      if (recovered) return await this.answers.end(recovered, writer);
      return await this.begin(action, { writer, signal, cancelled: AbortSignal.any([running.cancelled, writer.cancelled]) });
    } finally {
      await writer.discard();
    }
  }

  private async begin(action: AgentRun, work: Work): Promise<string | null> {
    const { context, source, window } = await this.preparation.prepare(action, work.writer.token);
    const { model, provider } = context.llm;
    const agentVersion = context.agent.version;
    const resolved = { agentVersion, model, provider, messages: window.messages.length, tokens: window.totalTokens, source };
    work.writer.add({ type: 'context.resolved', data: resolved }, { agentVersion, contextSource: source });
    // A model that answers at once has both written together.
    work.writer.sendSoon();
    return this.answer(action, { ...work, context, window });
  }

  private async answer(action: AgentRun, { context, window, writer, signal, cancelled }: Prepared): Promise<string | null> {
    const { agent, llm, limits } = context;
    const timeoutMs = Math.min(action.data.timeoutMs ?? limits.runTimeoutMs, limits.runTimeoutMs);
    using deadline = startDeadline(timeoutMs, signal, () => executionErrors.timedOut(timeoutMs));
    const stopped = AbortSignal.any([deadline.signal, cancelled, writer.failed]);
    await using toolbox = await this.tools.open(agent, limits.maxTools, stopped);
    for (const data of toolbox.notes) writer.add({ type: 'progress', data });
    const input: LoopInput = {
      executionId: action.taskId,
      agent,
      llm,
      fallbackModel: agent.fallbackModel,
      models: this.memos.models({ action, agent }),
      messages: window.messages,
      tools: this.memos.tools({ action, agent }, toolbox.tools),
      maxIterations: Math.min(action.data.maxIterations ?? agent.maxIterations, limits.maxIterations),
      signal: stopped,
      countTokens: (text, model) => this.answers.countTokens(text, model),
    };
    const outcome = await runAgentLoop(input, writer);
    signal.throwIfAborted();
    writer.failed.throwIfAborted();
    const stop = cancelled.aborted ? cancelledBy(cancelled.reason as CancelRequest) : deadline.hasPassed() ? timedOut(timeoutMs) : null;
    return this.answers.finish(action, context, { ...outcome, ...stop }, writer);
  }
}

interface Work {
  readonly writer: EventWriter;
  /** Fires when the run has to be given back. */
  readonly signal: AbortSignal;
  /** Fires when somebody wants the run to stop. */
  readonly cancelled: AbortSignal;
}

interface Prepared extends Work {
  readonly context: ExecutionContext;
  readonly window: MemoryWindow;
}

/** Where a run is. */
export function runOf({ tenantId, taskId: executionId, data: { conversationId } }: AgentRun): RunRef {
  return { tenantId, executionId, conversationId };
}

function cancelledBy(request: CancelRequest): Stop {
  const { code, message } = executionErrors.cancelled(request.reason);
  return { finishReason: 'cancelled', error: { code, message }, isWithdrawn: request.isRollback === true };
}

function timedOut(timeoutMs: number): Stop {
  const { code, message } = executionErrors.timedOut(timeoutMs);
  return { finishReason: 'timedOut', error: { code, message } };
}
