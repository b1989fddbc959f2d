import { Injectable } from '@nestjs/common';
import { type ConflictPolicy, type ExecutionStatus, type MemoDirective, newId } from '../../contracts/index.js';
import { requireRunnable } from '../agents/index.js';
import { type BeginningIds, ConversationsService, type OpenedConversation } from '../conversations/index.js';
import type { AppError } from '../../shared/errors/index.js';
import type { RateLimit } from '../../shared/http/index.js';
import type { Principal, TierLimits } from '../tenancy/index.js';
import { contextKeyOf } from './context/context-key.js';
import { ExecutionContexts, type TurnBasis, type TurnCaller } from './context/execution-contexts.service.js';
import type { LlmOverrides } from './context/execution-context.js';
import { eventsUrl } from './execution.errors.js';
import type { Execution } from './execution.js';
import { ExecutionsService } from './executions.service.js';
import { newRunOf } from './runs/new-run.js';
import { type Admission, RunAdmission } from './runs/run-admission.service.js';
import { RunDispatcher } from './runs/run-dispatcher.service.js';
import type { NewRun } from './runs/run.store.js';
import { WebhookSender } from './webhooks/webhook-sender.service.js';

/** One turn that somebody asks for, whatever channel it came by. */
export interface TurnRequest {
  readonly agentId: string;
  readonly message: string;
  readonly conversationId?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly metadata?: Record<string, unknown>;
  /** Kind of message; default `text`. */
  readonly messageType?: string;
  /** What the channel knows of the user. */
  readonly userInfo?: Record<string, unknown>;
  readonly maxIterations?: number;
  readonly timeoutMs?: number;
  /** Default: the agent's. */
  readonly onConflict?: ConflictPolicy;
  /** The execution's id; the same again is the same turn. Default: a new one. */
  readonly executionId?: string;
  /** Of the session and the conversation that the turn begins, if it does; nothing is looked for that cannot exist. Default: new ones. */
  readonly begins?: BeginningIds;
  /** Who is told by HTTP when the run has ended. */
  readonly webhookUrl?: string;
  /** The command that the run carries out. */
  readonly commandId?: string;
  /** Instead of the agent's, for this turn alone. */
  readonly overrides?: LlmOverrides | undefined;
  /** Of an agent that keeps its model's answers. */
  readonly memo?: MemoDirective | undefined;
}

/** A turn that is accepted. */
export interface AcceptedTurn {
  readonly executionId: string;
  readonly conversationId: string;
  readonly sessionId: string;
  readonly status: ExecutionStatus;
  readonly eventsUrl: string;
  /** Turns that begin before this one: those that it waits for in its conversation, otherwise those in the queue. */
  readonly queuePosition: number;
  readonly estimatedSeconds: number;
  /** Where the tenant stands with the turns that it may begin, for the headers of the answer; left out where these are not limited, or it was accepted before. */
  readonly rate?: RateLimit | undefined;
}

/** Accepts turns: checks, finds the conversation, gives the run its place in it, and queues it. */
@Injectable()
export class Orchestrator {
  constructor(
    private readonly contexts: ExecutionContexts,
    private readonly conversations: ConversationsService,
    private readonly executions: ExecutionsService,
    private readonly admission: RunAdmission,
    private readonly dispatcher: RunDispatcher,
    private readonly webhooks: WebhookSender,
  ) {}

  /**
   * Nothing is queued unless everything named exists and may be used. The same executionId again is the same turn, also after a crash between any
   * two steps; without one, a crash after the acceptance leaves a run that the sweep sends to a worker.
   *
   * @throws WEBHOOK_URL_REFUSED (invalid), WEBHOOKS_OFF (forbidden), AGENT_NOT_FOUND, CONVERSATION_NOT_FOUND (notFound), AGENT_INACTIVE, AGENT_TIER_TOO_LOW, MODEL_NOT_IN_TIER (forbidden),
   * CONVERSATION_BUSY (conflict), CONVERSATION_QUEUE_FULL, RATE_LIMITED, TIER_LIMIT_CONCURRENT_RUNS, BUDGET_EXHAUSTED (limited), HOT_STORE_UNAVAILABLE (unavailable)
   */
  async accept({ tenantId, tier }: Principal, request: TurnRequest): Promise<AcceptedTurn> {
    const executionId = request.executionId ?? newId();
    const before = await this.before(tenantId, request);
    if (before) return this.acceptedBefore({ tenantId, tier }, before);
    this.webhooks.requireTarget(request.webhookUrl);
    const { agentId, userId, sessionId: wanted, conversationId: named, metadata = {}, begins } = request;
    const basis = await this.contexts.basisOf({ tenantId, tier }, agentId);
    const { agent } = basis;
    requireRunnable(agent, tier);
    const refusal = await this.admission.refusalOf(tenantId, basis, request);
    if (refusal) return this.acceptedMeanwhile({ tenantId, tier }, executionId, refusal);
    const opened = await this.conversations.open({ tenantId, tier }, { agentId, userId: userId ?? null, model: agent.model, metadata, sessionId: wanted, conversationId: named, ids: begins });
    const run = newRunOf(actionOf({ tenantId, tier }, executionId, request, opened), agentId, request.onConflict ?? agent.onConflict, { commandId: request.commandId ?? null, webhookUrl: request.webhookUrl ?? null });
    // The worker makes the context, if it cannot be made now.
    const [acceptance] = await Promise.all([this.admission.admit(run, basis, opened.isNew), this.contexts.ensure(run, tier).catch(() => undefined)]);
    return this.admitted(run, basis, acceptance);
  }

  private async admitted(run: NewRun, { limits }: TurnBasis, acceptance: Admission): Promise<AcceptedTurn> {
    // Whoever asked at the same time was quicker, and may have another conversation.
    if (acceptance.outcome === 'known') return this.acceptedBefore({ tenantId: run.tenantId, tier: run.action.tenantTier }, await this.executions.get(run));
    const { rate } = acceptance;
    return { ...answerOf(run, limits), ...(rate && { rate }), status: 'queued', queuePosition: acceptance.outcome === 'waiting' ? acceptance.position : await this.send(run) };
  }

  /** @returns how many wait in the queue, as far as that can be said */
  private async send({ action }: NewRun): Promise<number> {
    // Decoration: a failure of this one must not be one of the turn.
    const waiting = this.dispatcher.waiting().catch(() => 0);
    await this.dispatcher.send(action);
    return waiting;
  }

  /** The execution of a turn that was asked for before. */
  private async before(tenantId: string, { executionId, begins }: TurnRequest): Promise<Execution | null> {
    return executionId === undefined || begins?.mayExist === false ? null : this.executions.find({ tenantId, executionId });
  }

  /** A turn that is refused may be one that was accepted in this moment, for another request with its key. @throws refusal */
  private async acceptedMeanwhile(caller: TurnCaller, executionId: string, refusal: AppError): Promise<AcceptedTurn> {
    const accepted = await this.executions.find({ tenantId: caller.tenantId, executionId });
    if (!accepted) throw refusal;
    return this.acceptedBefore(caller, accepted);
  }

  /** Whoever asked before may have died before the run was queued. */
  private async acceptedBefore({ tenantId, tier }: TurnCaller, execution: Execution): Promise<AcceptedTurn> {
    const { executionId, conversationId, status } = execution;
    if (status === 'queued') await this.dispatcher.sendUnlessInLine({ tenantId, executionId, conversationId });
    return { ...answerOf(execution, await this.contexts.limitsOf({ tenantId, tier })), status, queuePosition: 0 };
  }
}

function actionOf({ tenantId, tier }: Pick<Principal, 'tenantId' | 'tier'>, executionId: string, request: TurnRequest, { conversationId, sessionId }: OpenedConversation): NewRun['action'] {
  const { agentId, userId, message, messageType = 'text', userInfo = {}, maxIterations, timeoutMs, metadata = {}, overrides, onConflict, memo } = request;
  const data = { conversationId, sessionId, message, messageType, userInfo, ...defined({ maxIterations, timeoutMs, overrides, onConflict, memo }) };
  const envelope = { actionId: newId(), tenantId, tenantTier: tier, agentId, sessionId, taskId: executionId, createdAt: new Date().toISOString() };
  return { ...envelope, ...defined({ userId }), contextCacheKey: contextKeyOf({ tenantId, agentId, conversationId }), metadata, data };
}

function answerOf({ executionId, conversationId, sessionId }: Pick<Execution, 'executionId' | 'conversationId' | 'sessionId'>, { estimatedSeconds }: Pick<TierLimits, 'estimatedSeconds'>): Omit<AcceptedTurn, 'status' | 'queuePosition'> {
  return { executionId, conversationId, sessionId, eventsUrl: eventsUrl(executionId), estimatedSeconds };
}

/** Without the fields that have no value. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
