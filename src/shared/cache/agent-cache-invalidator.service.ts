import { Injectable } from '@nestjs/common';
import type { CacheTypeName, ScopeKind } from './cache-registry.js';
import { type CacheScope, scopeName } from './entry/cache-key.js';
import type { IndexSpec } from './l2/invalidation.js';
import { TieredCache } from './tiered-cache.service.js';

/** How many entries an invalidation has made void: those that could have been read a moment before. */
export interface InvalidationReport {
  readonly agentConfig: number;
  readonly agentTools: number;
  readonly conversations: number;
  readonly messages: number;
}

/** The counted types, under their names in the report. */
const REPORTED: Readonly<Record<keyof InvalidationReport, readonly CacheTypeName[]>> = {
  agentConfig: ['agent_config', 'context_agent'],
  agentTools: ['agent_tools'],
  conversations: ['conversation_memory'],
  messages: ['conversation_message'],
};
const AGENT_TYPES = [...REPORTED.agentConfig, ...REPORTED.agentTools];
const CONVERSATION_TYPES = [...REPORTED.conversations, ...REPORTED.messages];

/**
 * Invalidates what the caches have of a tenant, an agent, a conversation or a message, and says how much it was. While Redis is away the
 * report is zeros, and the invalidation takes effect as soon as Redis is back.
 *
 * @source seed 000, `invalidate_agent_resources`; the counts are of what existed
 */
@Injectable()
export class AgentCacheInvalidator {
  constructor(private readonly cache: TieredCache) {}

  /** An agent's configuration, tools and contexts. @param withConversations its conversations' memory and messages, too */
  async agent(tenantId: string, agentId: string, { withConversations = false } = {}): Promise<InvalidationReport> {
    const { scopes, indexes } = ofAgent(agentId, withConversations);
    return this.invalidate(tenantId, scopes, indexes);
  }

  /** The same without conversations. @returns whether Redis knows; if not, this process tells it when it is back, unless it ends before */
  async tell(tenantId: string, agentId: string): Promise<boolean> {
    const { scopes, indexes } = ofAgent(agentId, false);
    return (await this.cache.invalidate(tenantId, scopes, indexes)) !== undefined;
  }

  /** Everything of one conversation. @param agentId whose it is */
  async conversation(tenantId: string, agentId: string, conversationId: string): Promise<InvalidationReport> {
    const scope = { agent: agentId, conversation: conversationId };
    const scopes = named(scope, 'conversation');
    return this.invalidate(tenantId, scopes, under(scopes, CONVERSATION_TYPES, named(scope, 'conversations')));
  }

  /** One message. @param ids of its conversation and its agent, too */
  async message(tenantId: string, ids: { readonly agentId: string; readonly conversationId: string; readonly messageId: string }): Promise<InvalidationReport> {
    const scope = { agent: ids.agentId, conversation: ids.conversationId, message: ids.messageId };
    const scopes = named(scope, 'message');
    return this.invalidate(tenantId, scopes, under(scopes, REPORTED.messages, named(scope, 'conversations', 'conversation')));
  }

  /** Everything that the caches have of a tenant. */
  async tenant(tenantId: string): Promise<InvalidationReport> {
    const indexes = (await this.cache.indexNames(tenantId)).map((index) => ({ index, parents: [] }));
    return this.invalidate(tenantId, ['t'], indexes);
  }

  private async invalidate(tenantId: string, scopes: readonly string[], indexes: readonly IndexSpec[]): Promise<InvalidationReport> {
    const counts = (await this.cache.invalidate(tenantId, scopes, indexes)) ?? [];
    const of = (types: readonly string[]): number => indexes.reduce((sum, { index }, at) => sum + (types.includes(typeOf(index)) ? (counts[at] ?? 0) : 0), 0);
    return { agentConfig: of(REPORTED.agentConfig), agentTools: of(REPORTED.agentTools), conversations: of(REPORTED.conversations), messages: of(REPORTED.messages) };
  }
}

/** @param index `<scope>:<type>` */
function typeOf(index: string): string {
  return index.slice(index.lastIndexOf(':') + 1);
}

function ofAgent(agentId: string, withConversations: boolean): { readonly scopes: string[]; readonly indexes: IndexSpec[] } {
  const scope = { agent: agentId };
  const conversations = withConversations ? named(scope, 'conversations') : [];
  const indexes = [...under(named(scope, 'agent'), AGENT_TYPES), ...under(conversations, CONVERSATION_TYPES)];
  return { scopes: [...named(scope, 'agent', 'agents'), ...conversations], indexes };
}

function named(scope: CacheScope, ...kinds: ScopeKind[]): string[] {
  return kinds.flatMap((kind) => scopeName(kind, scope) ?? []);
}

function under(scopes: readonly string[], types: readonly string[], parents: readonly string[] = []): IndexSpec[] {
  return scopes.flatMap((scope) => types.map((type) => ({ index: `${scope}:${type}`, parents: parents.map((parent) => `${parent}:${type}`) })));
}
