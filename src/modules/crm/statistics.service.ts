import { Injectable } from '@nestjs/common';
import { type ConversationCounts, ConversationStatistics } from '../conversations/index.js';
import { type ExecutionNumbers, ExecutionStatistics } from '../execution/index.js';

/** Numbers of a tenant, or of one of its agents. */
export interface Statistics {
  readonly conversations: ConversationCounts;
  readonly executions: ExecutionNumbers;
}

/** The same with the hours of the day. */
export interface StatisticsWithHours extends Statistics {
  /** Executions accepted in each hour of the day (UTC), 24 numbers. */
  readonly hours: readonly number[];
}

export interface TenantStatistics extends StatisticsWithHours {
  /** The agent with most conversations first. */
  readonly agents: readonly (Statistics & { readonly agentId: string })[];
}

/** Conversations that began, and executions that were accepted, from ≤ time < to. */
export interface Span {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

const NO_CONVERSATIONS: ConversationCounts = { conversations: 0, active: 0, messages: 0, tokens: 0, averageMessages: 0, ratings: 0, averageSatisfaction: 0, resolutionRate: 0 };
const NO_EXECUTIONS: ExecutionNumbers = { executions: 0, completed: 0, averageMs: 0, p50Ms: 0, p95Ms: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };

/** Statistics of what both stores have. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly conversations: ConversationStatistics,
    private readonly executions: ExecutionStatistics,
  ) {}

  async ofTenant(tenantId: string, span: Span): Promise<TenantStatistics> {
    const [{ agents, ...conversations }, { agents: executionsOf, hours, ...executions }] = await Promise.all([this.conversations.ofTenant(tenantId, span), this.executions.of(tenantId, span)]);
    const withConversations = agents.map(({ agentId, ...counts }) => ({ agentId, conversations: counts, executions: executionsOf.get(agentId) ?? NO_EXECUTIONS }));
    const others = [...executionsOf].filter(([agentId]) => !agents.some((agent) => agent.agentId === agentId));
    return { conversations, executions, hours, agents: [...withConversations, ...others.map(([agentId, numbers]) => ({ agentId, conversations: NO_CONVERSATIONS, executions: numbers }))] };
  }

  /** Zeros for an agent without conversations. */
  async ofAgent(tenantId: string, agentId: string, span: Span): Promise<StatisticsWithHours> {
    const [{ agents }, { agents: _, hours, ...executions }] = await Promise.all([this.conversations.ofTenant(tenantId, span), this.executions.of(tenantId, { ...span, agentId })]);
    const { agentId: __, ...conversations } = agents.find((agent) => agent.agentId === agentId) ?? { ...NO_CONVERSATIONS, agentId };
    return { conversations, executions, hours };
  }
}
