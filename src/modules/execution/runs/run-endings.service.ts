import { Injectable } from '@nestjs/common';
import { type ExecutionError, type NewExecutionEvent, toStorableText } from '../../../contracts/index.js';
import { toAppError } from '../../../shared/errors/index.js';
import { ConversationsService, HistoryReader } from '../../conversations/index.js';
import { textOfLog } from '../event-log/log-text.js';
import { EventLogStore } from '../event-log/event-log.store.js';
import type { StateChange } from '../event-log/execution-hash.js';
import { executionErrors } from '../execution.errors.js';
import type { CancelRequest, Execution, ExecutionResult, RunRef } from '../execution.js';
import { RunDispatcher } from './run-dispatcher.service.js';
import { type NewRun, type RunEnd, RunStore } from './run.store.js';

/** Events of a log that are read at once. */
const PAGE = 1_000;

/** Ends runs that do not end themselves: those that nobody has begun, whose worker is lost, or that stop too slowly. */
@Injectable()
export class RunEndings {
  constructor(
    private readonly runs: RunStore,
    private readonly dispatcher: RunDispatcher,
    private readonly log: EventLogStore,
    private readonly conversations: ConversationsService,
    private readonly history: HistoryReader,
  ) {}

  /** @returns false when it had ended, or has not this `status` or this `token` */
  async end(run: RunRef, end: RunEnd): Promise<boolean> {
    const answer = await this.runs.end(run, end);
    if (answer.outcome !== 'ended') return false;
    await this.sendNext(run, answer.nextId);
    return true;
  }

  /** A conversation was passed on: its next run goes to a worker. @throws HOT_STORE_UNAVAILABLE (unavailable): the sweep sends it then */
  async sendNext({ tenantId }: RunRef, nextId: string | null): Promise<void> {
    await this.dispatcher.sendById(tenantId, nextId);
  }

  /** A run that has ended without a worker may have no job that could tell whoever has named a queue for the answer: it gets one. */
  async answer(action: NewRun['action'] | null): Promise<void> {
    if (action?.callbackQueueName !== undefined) await this.dispatcher.send(action);
  }

  /** @param token of the attempt that has failed; without one it is ended whoever works on it */
  async fail(run: RunRef, { code, message }: ExecutionError, token?: string): Promise<void> {
    const error = { code, message };
    const change: StateChange = { status: 'failed', error, endedAt: new Date() };
    await this.end(run, { events: [{ type: 'execution.failed', data: { error } }], change, ...(token !== undefined && { token }) });
  }

  /**
   * Ends a run of which nothing more is to come as cancelled. What its log has of an answer is its partial answer, unless everything that it
   * said is withdrawn. Again is the same: the answer has its own id.
   */
  async cancel(run: RunRef, request: CancelRequest): Promise<void> {
    const execution = await this.log.find(run);
    if (!execution || execution.endedAt) return;
    const result = request.isRollback === true ? await this.withdraw(run) : await this.keepPartial(run, execution, request);
    const [event, change] = cancelled(request);
    await this.end(run, { events: [event], change: { ...change, result, endedAt: new Date() } });
  }

  private async withdraw(run: RunRef): Promise<null> {
    await this.conversations.withdraw(run, run.executionId).catch(nullIfDeleted);
    return null;
  }

  private async keepPartial(run: RunRef, { agentId, sessionId }: Execution, request: CancelRequest): Promise<ExecutionResult | null> {
    const content = toStorableText(await this.textOf(run));
    const conversation = content === '' ? null : await this.history.get(run).catch(nullIfDeleted);
    if (!conversation) return null;
    const messageId = `${run.executionId}.assistant`;
    const [, { error }] = cancelled(request);
    const message = { messageId, role: 'assistant', content, agentId, executionId: run.executionId, metadata: { isPartial: true, finishReason: 'cancelled', error } } as const;
    const { seq, earlier } = await this.conversations.append(run.tenantId, { ...conversation, sessionId }, message);
    return { messageId, seq, content: earlier?.content ?? content };
  }

  /** What the last attempt has said. */
  private async textOf(run: RunRef): Promise<string> {
    let text = '';
    for (let after = 0; ; ) {
      const events = await this.log.read(run, after, PAGE);
      text = textOfLog(text, events);
      const last = events.at(-1);
      if (!last || events.length < PAGE) return text;
      after = last.seq;
    }
  }
}

/** Nobody asks for the answer in a conversation that is gone. */
function nullIfDeleted(thrown: unknown): null {
  if (toAppError(thrown).kind === 'notFound') return null;
  throw thrown;
}

/** The end of a run that was cancelled. */
export function cancelled({ reason, isRollback }: CancelRequest): [NewExecutionEvent, StateChange & { readonly error: ExecutionError }] {
  const { code, message } = executionErrors.cancelled(reason);
  return [{ type: 'execution.cancelled', data: { reason, ...(isRollback === true && { isRollback }) } }, { status: 'cancelled', error: { code, message } }];
}
