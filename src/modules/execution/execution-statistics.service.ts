import { Injectable } from '@nestjs/common';
import { type AgentNumbers, type ExecutionSpan, ExecutionStatisticsRepository } from './execution-statistics.repository.js';

/** Numbers of ended executions; times are milliseconds, 0 without a completed one. */
export type ExecutionNumbers = Omit<AgentNumbers, 'agentId'>;

export interface ExecutionReport extends ExecutionNumbers {
  /** Executions accepted in each hour of the day (UTC), 24 numbers. */
  readonly hours: readonly number[];
  /** Agents without executions are not there. */
  readonly agents: ReadonlyMap<string, ExecutionNumbers>;
}

const HOURS = 24;
const NONE: ExecutionNumbers = { executions: 0, completed: 0, averageMs: 0, p50Ms: 0, p95Ms: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };

/** How the ended executions of a tenant went. */
@Injectable()
export class ExecutionStatistics {
  constructor(private readonly rows: ExecutionStatisticsRepository) {}

  async of(tenantId: string, span: ExecutionSpan): Promise<ExecutionReport> {
    const [numbers, hours] = await Promise.all([this.rows.findNumbers(tenantId, span), this.rows.findHours(tenantId, span)]);
    const { agentId: _, ...all } = numbers.find(({ agentId }) => agentId === null) ?? { ...NONE, agentId: null };
    const agents = numbers.flatMap(({ agentId, ...of }) => (agentId === null ? [] : [[agentId, of] as const]));
    return { ...all, hours: Array.from({ length: HOURS }, (__, hour) => hours.find((one) => one.hour === hour)?.executions ?? 0), agents: new Map(agents) };
  }
}
