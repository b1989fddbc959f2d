import type { DomainAction, ExecutionError, TerminalEventType } from '../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../shared/actions/index.js';
import { type AppError, toAppError } from '../../shared/errors/index.js';
import { EventLogStore } from './event-log/event-log.store.js';
import { executionErrors } from './execution.errors.js';
import type { ExecutionRef } from './execution.js';
import { ExecutionsService } from './executions.service.js';
import { Turn } from './turn.service.js';

/** A run that has begun this often and never ended takes its workers down with it. */
const MAX_BEGINNINGS = 5;

type AgentRun = DomainAction<'execution.agent_run'>;

/**
 * Running twice equals running once: the messages of a run have ids made from the execution's, so each is appended once; an ended
 * execution takes no more events; a run whose answer is in the conversation already only finishes.
 */
@HandlesAction('execution.agent_run')
export class AgentRunHandler implements ActionHandler<'execution.agent_run'> {
  constructor(
    private readonly log: EventLogStore,
    private readonly turn: Turn,
    private readonly executions: ExecutionsService,
    private readonly bus: ActionBus,
  ) {}

  /** Errors that another try may mend are thrown, so that the queue tries again; every other error ends the execution. */
  readonly handle = async (action: AgentRun, { signal }: ActionRun): Promise<void> => {
    const ref = { tenantId: action.tenantId, executionId: action.taskId };
    const before = await this.executions.find(ref);
    if (!before) await this.open(action, ref);
    if (before?.endedAt == null) {
      try {
        const attempt = (before?.attempt ?? 0) + 1;
        if (attempt > MAX_BEGINNINGS) throw executionErrors.workerLost(MAX_BEGINNINGS);
        await this.turn.run(action, attempt, signal);
      } catch (thrown) {
        const error = toAppError(thrown);
        if (error.isRetryable) throw error;
        await this.fail(ref, error);
      }
    }
    await this.executions.persist(ref);
    await this.reply(action, ref);
  };

  readonly onExhausted = async (action: AgentRun, error: AppError): Promise<void> => {
    const ref = { tenantId: action.tenantId, executionId: action.taskId };
    await this.fail(ref, error);
    await this.executions.persist(ref);
    await this.reply(action, ref);
  };

  /** Another program has put the run into the queue: it has no state yet. */
  private async open({ agentId, userId, data }: AgentRun, ref: ExecutionRef): Promise<void> {
    if (agentId === undefined) throw executionErrors.agentUnnamed();
    await this.executions.open(ref, { agentId, conversationId: data.conversationId, sessionId: data.sessionId, userId: userId ?? null, commandId: null, webhookUrl: null });
  }

  /** Tells whoever asked, if he has named a queue, how it ended. */
  private async reply(action: AgentRun, ref: ExecutionRef): Promise<void> {
    if (action.callbackQueueName === undefined) return;
    const { executionId, status, result, error, usage, startedAt, endedAt } = await this.executions.get(ref);
    const executionTimeMs = startedAt && endedAt ? endedAt.getTime() - startedAt.getTime() : null;
    await this.bus.reply(action, 'execution.callback', { executionId, status, result, error, tokensUsed: usage, executionTimeMs });
  }

  private async fail(ref: ExecutionRef, { code, message }: ExecutionError): Promise<void> {
    const type: TerminalEventType = 'execution.failed';
    const error = { code, message };
    await this.log.append(ref, [{ type, data: { error } }], { status: 'failed', error, endedAt: new Date() });
  }
}
