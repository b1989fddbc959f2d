import { Injectable } from '@nestjs/common';
import { DeadLetters, QueuedJobs } from '../../../shared/actions/index.js';
import { toAppError } from '../../../shared/errors/index.js';
import { CommandsService } from '../commands/commands.service.js';
import type { Execution } from '../execution.js';
import { ExecutionWalk } from './execution-walk.service.js';
import { type ExecutionSet, PersonalExecutionRepository } from './personal-execution.repository.js';
import { RunRemoval } from './run-removal.service.js';

/** What was taken out; a second time nothing is. */
export interface ErasedExecutions {
  /** Runs that were going on, and were ended for it. */
  readonly cancelledRuns: number;
  readonly executions: number;
  /** Event logs in Redis, and pages of events in PostgreSQL. */
  readonly eventLogs: number;
  readonly webhookDeliveries: number;
  readonly commands: number;
  readonly deadLetters: number;
}

/** Takes what was said in executions out of both stores, with their events, their commands, their webhooks and what has failed of them. */
@Injectable()
export class ExecutionErasure {
  constructor(
    private readonly walk: ExecutionWalk,
    private readonly removal: RunRemoval,
    private readonly rows: PersonalExecutionRepository,
    private readonly commands: CommandsService,
    private readonly deadLetters: DeadLetters,
    private readonly jobs: QueuedJobs,
  ) {}

  /**
   * @param by whose commands go besides, if he has sent them before a time
   * @throws DATABASE_UNAVAILABLE, HOT_STORE_UNAVAILABLE (unavailable): what was done stays so
   */
  async erase(tenantId: string, set: ExecutionSet, by: { readonly userId: string; readonly until: Date } | null = null): Promise<ErasedExecutions> {
    const executions = await this.find(tenantId, set);
    const executionIds = [...new Set([...set.executionIds, ...executions.map(({ executionId }) => executionId)])];
    const all = { ...set, executionIds };
    const commands = await this.rows.findCommands(tenantId, all, by);
    const isMeant = meantBy({ ...all, userId: by?.userId, until: by?.until });
    let [cancelledRuns, logs, removedCommands] = [0, 0, 0];
    for (const execution of executions) if (await this.removal.stop(tenantId, execution)) cancelledRuns++;
    await this.jobs.removeByIds('execution.agent_run', executionIds);
    for (const execution of executions) if (await this.removal.remove(tenantId, execution)) logs++;
    for (const commandId of commands) if (await this.removeCommand(tenantId, commandId)) removedCommands++;
    const { events, ...rows } = await this.rows.erase(tenantId, all);
    return { cancelledRuns, eventLogs: logs + events, ...rows, commands: removedCommands, deadLetters: await this.deadLetters.removeWhere(tenantId, isMeant) };
  }

  /** What is known of them, in Redis or in PostgreSQL. */
  private async find(tenantId: string, { executionIds, conversationIds }: ExecutionSet): Promise<Execution[]> {
    const found: Execution[] = [];
    for (const conversationId of conversationIds) for await (const execution of this.walk.executions(tenantId, { conversationId })) found.push(execution);
    const known = new Set(found.map(({ executionId }) => executionId));
    for (const executionId of executionIds) {
      const execution = known.has(executionId) ? null : await this.walk.find(tenantId, executionId);
      if (execution) found.push(execution);
    }
    return found;
  }

  private async removeCommand(tenantId: string, commandId: string): Promise<boolean> {
    return this.commands.remove(tenantId, commandId).then(
      () => true,
      (error: unknown) => {
        if (toAppError(error).kind !== 'notFound') throw error;
        return false;
      },
    );
  }
}

/** An agent's conversation in a session as actions name it, or whatever conversation the session has. */
export function sessionOf(sessionId: unknown, agentId: unknown = ''): string {
  return `${String(sessionId)} ${String(agentId)}`;
}

/** What an action says of itself; it may be anything. */
type SaidAction = Readonly<Partial<Record<'taskId' | 'userId' | 'sessionId' | 'agentId' | 'createdAt' | 'data', unknown>>>;

/** Which actions are about these executions and conversations, or are a user's, or of nobody in these sessions, from before a time. */
export function meantBy({ executionIds, conversationIds, sessions, userId, until }: ExecutionSet & { readonly userId?: string | undefined; readonly until?: Date | undefined }): (action: unknown) => boolean {
  const ids = new Set<unknown>([...executionIds, ...conversationIds]);
  const isOld = (createdAt: unknown): boolean => until === undefined || !(new Date(String(createdAt)) >= until);
  return (said) => {
    if (typeof said !== 'object' || said === null) return false;
    const action = said as SaidAction;
    const { conversationId, executionId } = fieldsOf(action.data);
    if ([action.taskId, conversationId, executionId].some((id) => ids.has(id))) return true;
    if (action.userId !== undefined) return action.userId === userId && isOld(action.createdAt);
    return conversationId === undefined && sessions?.has(sessionOf(action.sessionId, action.agentId)) === true && isOld(action.createdAt);
  };
}

function fieldsOf(data: unknown): { readonly conversationId?: unknown; readonly executionId?: unknown } {
  return typeof data === 'object' && data !== null ? data : {};
}
