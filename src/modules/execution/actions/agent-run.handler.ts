import type { DomainAction, ExecutionCallbackData } from '../../../contracts/index.js';
import { ActionBus, type ActionHandler, type ActionRun, HandlesAction } from '../../../shared/actions/index.js';
import { type AppError, toAppError } from '../../../shared/errors/index.js';
import { executionErrors } from '../execution.errors.js';
import type { Execution } from '../execution.js';
import { ExecutionPersistence } from '../execution-persistence.service.js';
import { ExecutionsService } from '../executions.service.js';
import { RunBeginnings } from '../runs/run-beginnings.service.js';
import { RunEndings } from '../runs/run-endings.service.js';
import { tokenOf } from '../runs/run.store.js';
import { runOf, Turn } from '../turn.service.js';

/** A run that has begun this often, and was neither ended nor given back, takes its workers down with it; one that fails by a fault of ours then is not begun again. */
const MAX_BEGINNINGS = 5;

type AgentRun = DomainAction<'execution.agent_run'>;

/**
 * Running twice equals running once: each attempt has a fencing token, and what an older one still writes is refused; the messages of a run
 * have ids made from the execution's, so each is appended once; an ended run takes nothing more.
 */
@HandlesAction('execution.agent_run')
export class AgentRunHandler implements ActionHandler<'execution.agent_run'> {
  constructor(
    private readonly beginnings: RunBeginnings,
    private readonly turn: Turn,
    private readonly endings: RunEndings,
    private readonly executions: ExecutionsService,
    private readonly persistence: ExecutionPersistence,
    private readonly bus: ActionBus,
  ) {}

  /** Errors that another try may mend are thrown, so that the queue tries again; every other error ends the execution. */
  readonly handle = async (action: AgentRun, { signal }: ActionRun): Promise<void> => {
    const run = runOf(action);
    const beginning = await this.beginnings.begin(action, run, MAX_BEGINNINGS);
    // Whoever ends the run before it sends it again.
    if (beginning.outcome === 'waiting') return;
    if (beginning.outcome === 'begun') await this.attempt(action, beginning.attempt, signal);
    else if (beginning.outcome === 'cancelled') await this.endings.cancel(run, beginning.request);
    else if (beginning.outcome === 'exhausted') await this.endings.fail(run, executionErrors.workerLost(MAX_BEGINNINGS));
    await this.persistence.persist(run);
    await this.reply(action);
  };

  readonly onExhausted = async (action: AgentRun, error: AppError): Promise<void> => {
    const run = runOf(action);
    await this.endings.fail(run, error);
    await this.persistence.persist(run);
    await this.reply(action, error);
  };

  private async attempt(action: AgentRun, attempt: number, signal: AbortSignal): Promise<void> {
    const run = runOf(action);
    try {
      await this.endings.sendNext(run, await this.turn.run(action, attempt, signal));
    } catch (thrown) {
      const error = toAppError(thrown);
      if (!error.isRetryable) return this.endings.fail(run, error, tokenOf(run, attempt));
      // A store comes back; a fault of ours seldom passes, and each beginning asks the model again.
      if (error.kind === 'internal' && attempt >= MAX_BEGINNINGS) throw executionErrors.faulty(error);
      await this.beginnings.giveBack(run, attempt);
      throw error;
    }
  }

  /** Tells whoever asked, if he has named a queue, how it ended. @param refusal of a run that was never accepted */
  private async reply(action: AgentRun, refusal?: AppError): Promise<void> {
    if (action.callbackQueueName === undefined) return;
    const execution = await this.executions.find({ tenantId: action.tenantId, executionId: action.taskId });
    const answer = execution ? callbackOf(execution) : refusal && refusedCallback(action.taskId, refusal);
    if (answer) await this.bus.reply(action, 'execution.callback', answer);
  }
}

/** @returns null for a run that goes on */
function callbackOf({ executionId, status, result, error, usage, startedAt, endedAt }: Execution): ExecutionCallbackData | null {
  if (!endedAt) return null;
  return { executionId, status, result, error, tokensUsed: usage, executionTimeMs: startedAt && endedAt.getTime() - startedAt.getTime() };
}

function refusedCallback(executionId: string, { code, message }: AppError): ExecutionCallbackData {
  return { executionId, status: 'failed', result: null, error: { code, message }, tokensUsed: null, executionTimeMs: null };
}
