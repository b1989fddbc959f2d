import { Injectable } from '@nestjs/common';
import { type ConversationCounts, ConversationStatistics } from '../conversations/index.js';
import { ExecutionsService } from '../execution/index.js';

/** Numbers of a tenant, or of one of its agents. */
export interface Statistics extends ConversationCounts {
  /** From the acceptance of a turn to its end, of the completed ones; 0 without any. Milliseconds. */
  readonly averageResponseMs: number;
}

export interface TenantStatistics extends Statistics {
  /** The agent with most conversations first. */
  readonly agents: readonly (Statistics & { readonly agentId: string })[];
}

const NONE: Statistics = { conversations: 0, active: 0, messages: 0, tokens: 0, averageMessages: 0, averageResponseMs: 0 };

/** Statistics, computed from what both stores have when somebody asks. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly conversations: ConversationStatistics,
    private readonly executions: ExecutionsService,
  ) {}

  async ofTenant(tenantId: string): Promise<TenantStatistics> {
    const [report, times] = await Promise.all([this.conversations.ofTenant(tenantId), this.executions.responseTimes(tenantId)]);
    const executions = times.reduce((sum, time) => sum + time.executions, 0);
    const total = times.reduce((sum, time) => sum + time.averageMs * time.executions, 0);
    const timeOf = (agentId: string): number => times.find((time) => time.agentId === agentId)?.averageMs ?? 0;
    const agents = report.agents.map((agent) => ({ ...agent, averageResponseMs: timeOf(agent.agentId) }));
    return { ...report, averageResponseMs: executions === 0 ? 0 : total / executions, agents };
  }

  /** Zeros for an agent without conversations. */
  async ofAgent(tenantId: string, agentId: string): Promise<Statistics> {
    const { agents } = await this.ofTenant(tenantId);
    return agents.find((agent) => agent.agentId === agentId) ?? NONE;
  }
}
