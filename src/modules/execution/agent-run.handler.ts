import type { DomainAction, ExecutionError, TerminalEventType } from '../../contracts/index.js';
import { type ActionHandler, type ActionRun, HandlesAction } from '../../shared/actions/index.js';
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
  ) {}

  /** Errors that another try may mend are thrown, so that the queue tries again; every other error ends the execution. */
  readonly handle = async (action: AgentRun, { signal }: ActionRun): Promise<void> => {
    const ref = { tenantId: action.tenantId, executionId: action.taskId };
    const before = await this.log.find(ref);
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
  };

  readonly onExhausted = async (action: AgentRun, error: AppError): Promise<void> => {
    const ref = { tenantId: action.tenantId, executionId: action.taskId };
    await this.fail(ref, error);
    await this.executions.persist(ref);
  };

  private async fail(ref: ExecutionRef, { code, message }: ExecutionError): Promise<void> {
    const type: TerminalEventType = 'execution.failed';
    const error = { code, message };
    await this.log.append(ref, [{ type, data: { error } }], { status: 'failed', error, endedAt: new Date() });
  }
}
