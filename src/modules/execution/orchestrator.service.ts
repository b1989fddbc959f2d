import { Injectable } from '@nestjs/common';
import { newId } from '../../contracts/index.js';
import { ActionBus } from '../../shared/actions/index.js';
import { requireRunnable } from '../agents/index.js';
import { ConversationsService, type OpenedConversation } from '../conversations/index.js';
import { type Principal, TIER_LIMITS } from '../tenancy/index.js';
import { contextKeyOf } from './context/context-key.js';
import { ExecutionContexts } from './context/execution-contexts.service.js';
import type { LlmOverrides } from './context/execution-context.js';
import { ExecutionsService } from './executions.service.js';

/** One turn that somebody asks for, whatever channel it came by. */
export interface TurnRequest {
  readonly agentId: string;
  readonly message: string;
  readonly conversationId?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly metadata?: Record<string, unknown>;
  readonly maxIterations?: number;
  readonly timeoutMs?: number;
  /** Who is told by HTTP when the run has ended. */
  readonly webhookUrl?: string;
  /** The command that the run carries out. */
  readonly commandId?: string;
  /** Instead of the agent's, for this turn alone. */
  readonly overrides?: LlmOverrides | undefined;
  /** Of what the turn makes; default: new ones. */
  readonly ids?: TurnIds | undefined;
}

/** Ids that a turn has each time that it is asked for. */
export interface TurnIds {
  readonly executionId: string;
  /** Of the session and the conversation that it begins, if it begins one. */
  readonly sessionId: string;
  readonly conversationId: string;
  /** It was asked for before, so what has these ids may be there. */
  readonly isRepeat: boolean;
}

/** A turn that waits for a worker. */
export interface AcceptedTurn {
  readonly executionId: string;
  readonly conversationId: string;
  readonly sessionId: string;
  readonly status: 'queued';
  readonly eventsUrl: string;
  /** Turns that wait before this one. */
  readonly queuePosition: number;
  readonly estimatedSeconds: number;
}

/** Accepts turns: checks, finds the conversation, writes the first event, and queues the run. */
@Injectable()
export class Orchestrator {
  constructor(
    private readonly contexts: ExecutionContexts,
    private readonly conversations: ConversationsService,
    private readonly executions: ExecutionsService,
    private readonly bus: ActionBus,
  ) {}

  /**
   * Nothing is queued unless everything named exists and may be used. A crash after the first event leaves an execution that
   * nobody was told of; it expires.
   *
   * @throws AGENT_NOT_FOUND, CONVERSATION_NOT_FOUND (notFound), AGENT_INACTIVE, AGENT_TIER_TOO_LOW (forbidden), HOT_STORE_UNAVAILABLE (unavailable)
   */
  async accept({ tenantId, tier }: Principal, request: TurnRequest): Promise<AcceptedTurn> {
    const { agentId, userId } = request;
    const agent = await this.contexts.agentOf(tenantId, agentId);
    requireRunnable(agent, tier);
    const { sessionId: wanted, conversationId: named, metadata = {}, ids } = request;
    const begins = ids && { sessionId: ids.sessionId, conversationId: ids.conversationId, mayExist: ids.isRepeat };
    const opened = await this.conversations.open({ tenantId, tier }, { agentId, userId: userId ?? null, model: agent.model, metadata, sessionId: wanted, conversationId: named, ids: begins });
    const { conversationId, sessionId } = opened;
    const executionId = ids?.executionId ?? newId();
    const queued = this.executions.open({ tenantId, executionId }, { agentId, conversationId, sessionId, userId: userId ?? null, commandId: request.commandId ?? null, webhookUrl: request.webhookUrl ?? null });
    const context = { tenantId, agentId, conversationId };
    // The worker makes it, if it cannot be made now: an execution that is queued has to have its job.
    await Promise.all([queued, this.contexts.ensure(context, tier).catch(() => undefined)]);
    // Decoration: a failure of this one must not be one of the turn.
    const queuePosition = this.bus.waiting('execution.agent_run').catch(() => 0);
    await this.enqueue({ tenantId, tier }, { executionId, contextCacheKey: contextKeyOf(context) }, request, opened);
    const { estimatedSeconds } = TIER_LIMITS[tier];
    return { executionId, conversationId, sessionId, status: 'queued', eventsUrl: `/api/v1/executions/${executionId}/events`, queuePosition: await queuePosition, estimatedSeconds };
  }

  private async enqueue({ tenantId, tier }: Pick<Principal, 'tenantId' | 'tier'>, { executionId, contextCacheKey }: { executionId: string; contextCacheKey: string }, request: TurnRequest, opened: OpenedConversation): Promise<void> {
    const { agentId, userId, message, maxIterations, timeoutMs, metadata, overrides } = request;
    const { conversationId, sessionId } = opened;
    const data = { conversationId, sessionId, message, messageType: 'text', userInfo: {}, maxIterations, timeoutMs, ...(overrides && { overrides }) };
    const action = { tenantId, tenantTier: tier, agentId, sessionId, userId, taskId: executionId, contextCacheKey, metadata: metadata ?? {}, data };
    await this.bus.send('execution.agent_run', action, { jobId: executionId });
  }
}
