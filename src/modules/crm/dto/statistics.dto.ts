import { ApiProperty } from '@nestjs/swagger';
import { IsTime, Optional } from '../../../contracts/index.js';
import type { Span, Statistics, StatisticsWithHours, TenantStatistics } from '../statistics.service.js';

/** Hours that are called the busiest, at the most. */
const BUSIEST = 3;

export class StatisticsQueryDto {
  /** Conversations that began, and executions that were accepted, at this time or later. */
  @Optional() @IsTime() from?: Date;
  /** Before this time. */
  @Optional() @IsTime() to?: Date;
}

export class StatisticsDto {
  /** Of both stores, deleted ones left out. */
  conversations!: number;
  activeConversations!: number;
  messages!: number;
  /** Of all messages. */
  tokens!: number;
  /** Messages in a conversation, on average; 0 without conversations. */
  averageMessages!: number;
  /** Conversations that their user has rated. */
  ratings!: number;
  /** 1 to 5, on average; 0 without ratings. */
  averageSatisfaction!: number;
  /** Of the closed conversations (completed, transferred, archived) that were rated, the part rated 4 or 5, 0 to 1; 0 without any. */
  resolutionRate!: number;
  /** Ended executions. */
  executions!: number;
  completedExecutions!: number;
  /** From the acceptance of a turn to its end, of the completed ones, on average, milliseconds; 0 without any. */
  averageResponseMs!: number;
  /** Half of them took no longer. */
  responseP50Ms!: number;
  /** 95 of 100 took no longer. */
  responseP95Ms!: number;
  /** What the models read, as they say themselves. */
  inputTokens!: number;
  /** What the models wrote. */
  outputTokens!: number;
  /** What that has cost, millionths of a US dollar, of the models that have a price in MODEL_PRICES. */
  costMicros!: number;
}

export class AgentStatisticsDto extends StatisticsDto {
  agentId!: string;
  computedAt!: Date;

  static of(agentId: string, statistics: Statistics): AgentStatisticsDto {
    return { agentId, ...numbersOf(statistics), computedAt: new Date() };
  }
}

export class OneAgentStatisticsDto extends AgentStatisticsDto {
  /** Executions accepted in each hour of the day (UTC), 24 numbers. */
  executionsByHour!: number[];
  /** At most 3 hours of the day (UTC), the busiest first. */
  busiestHours!: number[];
  @ApiProperty({ type: Date, nullable: true }) from!: Date | null;
  @ApiProperty({ type: Date, nullable: true }) to!: Date | null;

  static ofOne(agentId: string, statistics: StatisticsWithHours, span: Span): OneAgentStatisticsDto {
    return { ...AgentStatisticsDto.of(agentId, statistics), ...hoursOf(statistics), ...ends(span) };
  }
}

export class TenantStatisticsDto extends StatisticsDto {
  tenantId!: string;
  /** Executions accepted in each hour of the day (UTC), 24 numbers. */
  executionsByHour!: number[];
  /** At most 3 hours of the day (UTC), the busiest first. */
  busiestHours!: number[];
  /** The agent with most conversations first. */
  agents!: AgentStatisticsDto[];
  /** null: from the beginning. */
  @ApiProperty({ type: Date, nullable: true }) from!: Date | null;
  /** null: without end. */
  @ApiProperty({ type: Date, nullable: true }) to!: Date | null;
  computedAt!: Date;

  static of(tenantId: string, statistics: TenantStatistics, span: Span): TenantStatisticsDto {
    const agents = statistics.agents.map((agent) => AgentStatisticsDto.of(agent.agentId, agent));
    return { tenantId, ...numbersOf(statistics), ...hoursOf(statistics), agents, ...ends(span), computedAt: new Date() };
  }
}

function numbersOf({ conversations: counts, executions: ran }: Statistics): StatisticsDto {
  const { conversations, active, messages, tokens, averageMessages, ratings, averageSatisfaction, resolutionRate } = counts;
  const { executions, completed, averageMs, p50Ms, p95Ms, inputTokens, outputTokens, costMicros } = ran;
  return {
    ...{ conversations, activeConversations: active, messages, tokens, averageMessages, ratings, averageSatisfaction, resolutionRate },
    ...{ executions, completedExecutions: completed, averageResponseMs: averageMs, responseP50Ms: p50Ms, responseP95Ms: p95Ms, inputTokens, outputTokens, costMicros },
  };
}

function hoursOf({ hours }: StatisticsWithHours): { executionsByHour: number[]; busiestHours: number[] } {
  const busy = hours.flatMap((executions, hour) => (executions > 0 ? [{ hour, executions }] : []));
  return { executionsByHour: [...hours], busiestHours: busy.sort((a, b) => b.executions - a.executions).slice(0, BUSIEST).map(({ hour }) => hour) };
}

function ends({ from, to }: Span): { from: Date | null; to: Date | null } {
  return { from: from ?? null, to: to ?? null };
}
