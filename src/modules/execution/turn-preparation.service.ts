import { Injectable } from '@nestjs/common';
import type { DomainAction } from '../../contracts/index.js';
import { requireRunnable } from '../agents/index.js';
import { ConversationsService, type MemoryWindow, MemoryManager, type NewConversation } from '../conversations/index.js';
import { type ExecutionContext, overlaid } from './context/execution-context.js';
import { type ContextSource, ExecutionContexts } from './context/execution-contexts.service.js';
import { executionErrors } from './execution.errors.js';

type AgentRun = DomainAction<'execution.agent_run'>;

/** What a turn has before the model is called. */
export interface PreparedTurn {
  readonly context: ExecutionContext;
  readonly source: ContextSource;
  /** What the model is shown of the conversation, the user's message included. */
  readonly window: MemoryWindow;
}

/** Finds the context of a turn and puts the user's message into the conversation. */
@Injectable()
export class TurnPreparation {
  constructor(
    private readonly contexts: ExecutionContexts,
    private readonly conversations: ConversationsService,
    private readonly memory: MemoryManager,
  ) {}

  /**
   * @param fencingToken of the attempt: one whose run is in other hands by now says nothing any more
   * @throws CONTEXT_DENIED, AGENT_INACTIVE, AGENT_TIER_TOO_LOW (forbidden), AGENT_NOT_FOUND (notFound), RUN_SUPERSEDED (conflict), HOT_STORE_UNAVAILABLE,
   * DATABASE_UNAVAILABLE (unavailable)
   */
  async prepare(action: AgentRun, fencingToken: string): Promise<PreparedTurn> {
    const { context, source } = await this.contextOf(action);
    requireRunnable(context.agent, action.tenantTier);
    return { context, source, window: await this.remember(action, context, fencingToken) };
  }

  /** By the key that the action carries, or from what the action says itself; what the turn wants otherwise is laid over it. */
  private async contextOf(action: AgentRun): Promise<{ readonly context: ExecutionContext; readonly source: ContextSource }> {
    const { tenantId, tenantTier, agentId = '', contextCacheKey, data } = action;
    const ids = { tenantId, agentId, conversationId: data.conversationId };
    if (contextCacheKey === undefined) {
      const { context, source } = await this.contexts.ensure(ids, tenantTier);
      return { context: overlaid(context, data.overrides), source };
    }
    const resolved = await this.contexts.resolve(contextCacheKey, ids, tenantTier);
    if (resolved.kind === 'denied') throw executionErrors.contextDenied();
    if (resolved.kind === 'partial') throw resolved.reason;
    return { context: overlaid(resolved.context, data.overrides), source: resolved.source };
  }

  /** The user's message into the conversation, and what the model is shown of it. */
  private async remember(action: AgentRun, context: ExecutionContext, fencingToken: string): Promise<MemoryWindow> {
    const { tenantId, taskId: executionId, data } = action;
    const message = { messageId: `${executionId}.user`, role: 'user', content: data.message, agentId: null, executionId, metadata: null } as const;
    const window = async (): Promise<MemoryWindow> => this.memory.window({ tenantId, conversationId: data.conversationId }, context.llm.model, Math.min(context.agent.maxHistoryMessages, context.limits.contextMessages));
    // One round trip: Redis does both in this order. An append that takes more than that comes later than the window.
    const [, before] = await Promise.all([this.conversations.append(tenantId, conversationOf(action, context), message, { limits: context.limits, fencingToken }), window()]);
    return before.messages.at(-1)?.messageId === message.messageId ? before : window();
  }
}

/** The conversation of a run, for when it does not exist yet. */
export function conversationOf({ agentId, userId, data, metadata }: AgentRun, context: ExecutionContext): NewConversation {
  return { conversationId: data.conversationId, agentId: agentId ?? context.agentId, sessionId: data.sessionId, userId: userId ?? null, model: context.agent.model, metadata };
}
