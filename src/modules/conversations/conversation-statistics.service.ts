import { Injectable } from '@nestjs/common';
import { type AgentCounts, ConversationSearchRepository } from './archive/conversation-search.repository.js';
import type { HotConversation } from './conversation.js';
import { HotIndexStore } from './hot/hot-index.store.js';

/** Numbers of a tenant's conversations, of both stores. */
export interface ConversationCounts {
  readonly conversations: number;
  readonly active: number;
  readonly messages: number;
  readonly tokens: number;
  /** Messages in a conversation, on average; 0 without conversations. */
  readonly averageMessages: number;
}

export interface ConversationStatisticsReport extends ConversationCounts {
  /** By agent, the one with most conversations first. */
  readonly agents: readonly (ConversationCounts & { readonly agentId: string })[];
}

const NONE: Omit<AgentCounts, 'agentId'> = { conversations: 0, active: 0, messages: 0, tokens: 0 };

/** Statistics, counted when they are asked for: what is in Redis by its live counters, the rest by SQL. */
@Injectable()
export class ConversationStatistics {
  constructor(
    private readonly index: HotIndexStore,
    private readonly search: ConversationSearchRepository,
  ) {}

  async ofTenant(tenantId: string): Promise<ConversationStatisticsReport> {
    const hot = await this.index.hotConversations(tenantId);
    const cold = await this.search.countByAgent(tenantId, hot.map(({ conversationId }) => conversationId));
    const byAgent = new Map<string, Omit<AgentCounts, 'agentId'>>();
    for (const counts of [...cold, ...hot.filter(({ status }) => status !== 'deleted').map(countsOf)]) byAgent.set(counts.agentId, sum(byAgent.get(counts.agentId) ?? NONE, counts));
    const agents = [...byAgent].map(([agentId, counts]) => ({ agentId, ...withAverage(counts) }));
    return { ...withAverage([...byAgent.values()].reduce(sum, NONE)), agents: agents.sort((a, b) => b.conversations - a.conversations) };
  }
}

function countsOf({ agentId, status, messageCount, tokenCount }: HotConversation): AgentCounts {
  return { agentId, conversations: 1, active: status === 'active' ? 1 : 0, messages: messageCount, tokens: tokenCount };
}

function sum(a: Omit<AgentCounts, 'agentId'>, b: Omit<AgentCounts, 'agentId'>): Omit<AgentCounts, 'agentId'> {
  return { conversations: a.conversations + b.conversations, active: a.active + b.active, messages: a.messages + b.messages, tokens: a.tokens + b.tokens };
}

function withAverage(counts: Omit<AgentCounts, 'agentId'>): ConversationCounts {
  return { ...counts, averageMessages: counts.conversations === 0 ? 0 : counts.messages / counts.conversations };
}
