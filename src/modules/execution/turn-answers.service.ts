import { Injectable } from '@nestjs/common';
import { type DomainAction, type ExecutionError, type NewExecutionEvent, type TokenUsage, toStorableText } from '../../contracts/index.js';
import { ConversationsService, TokenCounter } from '../conversations/index.js';
import type { LoopOutcome } from './agent-loop.js';
import type { ExecutionContext } from './context/execution-context.js';
import type { StateChange } from './event-log/execution-hash.js';
import type { EventWriter } from './event-log/event-writer.js';
import type { ExecutionResult } from './execution.js';
import { ModelPrices } from './usage/model-prices.service.js';
import { conversationOf } from './turn-preparation.service.js';

type AgentRun = DomainAction<'execution.agent_run'>;

const NO_USAGE: TokenUsage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };

/** Why a loop was stopped from outside. */
export interface Stop {
  readonly finishReason: 'cancelled' | 'timedOut';
  readonly error: ExecutionError;
  /** Nothing that the run said stays in the conversation. */
  readonly isWithdrawn?: boolean;
}

/** How a turn ends. */
export type TurnOutcome = LoopOutcome & Pick<Stop, 'isWithdrawn'>;

/** A turn whose answer, if there is one, is in the conversation. */
export interface AnsweredTurn extends TurnOutcome {
  readonly result: ExecutionResult | null;
}

/** What an answer that broke off says of itself. */
interface PartialAnswer {
  readonly isPartial: true;
  readonly finishReason: string;
  readonly error: ExecutionError;
}

/** Answers: into the conversation first, then the end of the run. A crash between the two is finished by the next attempt. */
@Injectable()
export class TurnAnswers {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly tokens: TokenCounter,
    private readonly prices: ModelPrices,
  ) {}

  /**
   * The answer, or what there is of it, into the conversation; then the terminal event.
   *
   * @returns id of the run that has the conversation now, if one has waited for it
   * @throws RUN_SUPERSEDED (conflict) when another worker has the run by now
   */
  async finish(action: AgentRun, context: ExecutionContext, outcome: TurnOutcome, writer: EventWriter): Promise<string | null> {
    const content = toStorableText(outcome.text);
    const isSilent = outcome.isWithdrawn === true || (content === '' && outcome.error !== null);
    if (outcome.isWithdrawn === true) await this.conversations.withdraw({ tenantId: action.tenantId, conversationId: action.data.conversationId }, action.taskId);
    return this.end({ ...outcome, result: isSilent ? null : await this.append(action, context, { ...outcome, text: content }, writer) }, writer);
  }

  /** The run of an earlier worker that was lost after the answer, whole or in part, was in the conversation: only the end is missing. */
  async findEarlier(action: AgentRun): Promise<AnsweredTurn | null> {
    const answer = await this.conversations.findMessage({ tenantId: action.tenantId, conversationId: action.data.conversationId }, answerId(action));
    if (!answer) return null;
    const { messageId, seq, content } = answer;
    const { finishReason = 'recovered', error = null } = (answer.metadata ?? {}) as Partial<PartialAnswer>;
    return { text: content, usage: NO_USAGE, finishReason, error, result: { messageId, seq, content } };
  }

  /** @returns as {@link finish} */
  async end({ result, ...outcome }: AnsweredTurn, writer: EventWriter): Promise<string | null> {
    const { usage, answeredBy } = outcome;
    if (result && outcome.error === null) writer.add({ type: 'message.completed', data: { ...result, usage } });
    const [event, change] = terminal(outcome);
    return writer.end(event, { ...change, result, usage, costMicros: this.prices.costOf(answeredBy?.model, usage), endedAt: new Date() });
  }

  countTokens(text: string, model: string): number {
    return this.tokens.count(text, model);
  }

  private async append(action: AgentRun, context: ExecutionContext, { text: content, finishReason, error, answeredBy }: TurnOutcome, { token: fencingToken }: EventWriter): Promise<ExecutionResult> {
    const { tenantId, taskId: executionId } = action;
    const messageId = answerId(action);
    const metadata: PartialAnswer | null = error && { isPartial: true, finishReason, error };
    const message = { messageId, role: 'assistant', content, agentId: context.agentId, executionId, metadata: metadata && { ...metadata } } as const;
    const { seq, earlier } = await this.conversations.append(tenantId, conversationOf(action, context), message, { fencingToken });
    // A worker that was thought lost may have been quicker: its answer is the one that the conversation has.
    return { messageId, seq, content: earlier?.content ?? content, ...(!earlier && answeredBy) };
  }
}

function answerId({ taskId }: AgentRun): string {
  return `${taskId}.assistant`;
}

function terminal({ usage, finishReason, error, isWithdrawn }: TurnOutcome): [NewExecutionEvent, StateChange] {
  if (error === null) return [{ type: 'execution.completed', data: { usage, finishReason } }, { status: 'completed' }];
  if (finishReason === 'cancelled') return [{ type: 'execution.cancelled', data: { reason: error.message, ...(isWithdrawn === true && { isRollback: true }) } }, { status: 'cancelled', error }];
  if (finishReason === 'timedOut') return [{ type: 'execution.timedOut', data: { error } }, { status: 'timedOut', error }];
  return [{ type: 'execution.failed', data: { error } }, { status: 'failed', error }];
}
