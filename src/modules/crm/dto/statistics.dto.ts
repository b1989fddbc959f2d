import type { Statistics, TenantStatistics } from '../statistics.service.js';

export class StatisticsDto {
  /** Of both stores, deleted ones left out. */
  conversations!: number;
  activeConversations!: number;
  messages!: number;
  tokens!: number;
  /** Messages in a conversation, on average; 0 without conversations. */
  averageMessages!: number;
  /** From the acceptance of a turn to its end, of the completed ones, on average, milliseconds; 0 without any. */
  averageResponseMs!: number;
}

export class AgentStatisticsDto extends StatisticsDto {
  agentId!: string;
  computedAt!: Date;

  static of(agentId: string, statistics: Statistics): AgentStatisticsDto {
    return { agentId, ...numbersOf(statistics), computedAt: new Date() };
  }
}

export class TenantStatisticsDto extends StatisticsDto {
  tenantId!: string;
  /** The agent with most conversations first. */
  agents!: AgentStatisticsDto[];
  computedAt!: Date;

  static of(tenantId: string, statistics: TenantStatistics): TenantStatisticsDto {
    const agents = statistics.agents.map((agent) => AgentStatisticsDto.of(agent.agentId, agent));
    return { tenantId, ...numbersOf(statistics), agents, computedAt: new Date() };
  }
}

function numbersOf({ conversations, active, messages, tokens, averageMessages, averageResponseMs }: Statistics): StatisticsDto {
  return { conversations, activeConversations: active, messages, tokens, averageMessages, averageResponseMs };
}
