import { Injectable } from '@nestjs/common';
import { ConversationSettings } from '../../shared/config/index.js';
import { conversationErrors } from './conversations.errors.js';
import { ConversationsService } from './conversations.service.js';
import { HotIndexStore } from './hot/hot-index.store.js';
import { MemoryManager } from './memory/memory-manager.service.js';

/** Conversations of one tenant that one look is at; the next look goes on. */
const PER_LOOK = 500;

/** What ends conversations that nobody closes by name: the end of their session, and silence. */
@Injectable()
export class SessionsService {
  constructor(
    private readonly index: HotIndexStore,
    private readonly conversations: ConversationsService,
    private readonly memory: MemoryManager,
    private readonly settings: ConversationSettings,
  ) {}

  /**
   * Completes every active conversation of a session and schedules their move; repeating it changes nothing.
   *
   * @returns those that were active
   * @throws SESSION_NOT_FOUND (notFound) when Redis knows no conversation of the session
   */
  async close(tenantId: string, sessionId: string): Promise<string[]> {
    if ((await this.index.session(tenantId, sessionId)).length === 0) throw conversationErrors.sessionNotFound(sessionId);
    return this.closeIfKnown(tenantId, sessionId);
  }

  /** The same for a session that may be unknown. */
  async closeIfKnown(tenantId: string, sessionId: string): Promise<string[]> {
    const entries = await this.index.session(tenantId, sessionId);
    const active = entries.filter(({ isActive }) => isActive).map(({ conversationId }) => ({ tenantId, conversationId }));
    await Promise.all(active.map((ref) => this.conversations.closeIfThere(ref)));
    for (const ref of active) this.memory.cleanup(ref);
    return active.map(({ conversationId }) => conversationId);
  }

  /** Completes a tenant's conversations that have been silent for too long, as many as one look finds. @returns whether there may be more */
  async completeIdle(tenantId: string): Promise<boolean> {
    const since = new Date(Date.now() - this.settings.idleSeconds * 1_000);
    const { idle, hasMore } = await this.index.findIdle(tenantId, since, PER_LOOK);
    await Promise.all(idle.map((conversation) => this.conversations.closeIdle({ tenantId, conversationId: conversation.conversationId }, conversation, since)));
    return hasMore;
  }
}
