import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { isTerminal } from '../../../contracts/index.js';
import { EventReader } from '../event-log/event-reader.service.js';
import type { CancelRequest, Execution, ExecutionRef, RunRef } from '../execution.js';
import { ExecutionPersistence } from '../execution-persistence.service.js';
import { ExecutionsService } from '../executions.service.js';
import { cancelled, RunEndings } from './run-endings.service.js';
import { RunStore } from './run.store.js';

/** A run whose worker does not stop within this time is ended without it. Milliseconds; a worker that is there takes a hundredth of it. */
const STOP_WITHIN_MS = 5_000;

/** Stops runs, wherever they are: those that wait at once, those that run by their worker, and without it if it is lost. */
@Injectable()
export class RunCancellation {
  constructor(
    private readonly runs: RunStore,
    private readonly endings: RunEndings,
    private readonly reader: EventReader,
    private readonly executions: ExecutionsService,
    private readonly persistence: ExecutionPersistence,
    private readonly logger: PinoLogger,
  ) {}

  /**
   * Stops a run and waits until it has ended. One that has ended stays as it is.
   *
   * @returns the ended execution, with what there was of an answer
   * @throws EXECUTION_NOT_FOUND (notFound)
   */
  async cancel(ref: ExecutionRef, request: CancelRequest): Promise<Execution> {
    const { conversationId, endedAt, lastEventSeq } = await this.executions.get(ref);
    if (endedAt === null && !(await this.ask({ ...ref, conversationId }, request))) await this.stop({ ...ref, conversationId }, request, lastEventSeq);
    return this.executions.get(ref);
  }

  /** The same without waiting, and without an error: the request is written down already. */
  cancelSoon(ref: ExecutionRef, request: CancelRequest): void {
    this.cancel(ref, request).catch((error: unknown) => {
      this.logger.warn({ err: error, ...ref }, 'A run that is to make way could not be reached; its worker finds the request');
    });
  }

  /** @returns whether it has ended at once, because nobody had begun it */
  private async ask(run: RunRef, request: CancelRequest): Promise<boolean> {
    const [event, change] = cancelled(request);
    const action = await this.runs.findAction(run);
    const isEnded = await this.endings.end(run, { events: [event], change: { ...change, endedAt: new Date() }, status: 'queued' });
    if (!isEnded) {
      await this.runs.askCancel(run, request);
      return false;
    }
    await this.persistence.persist(run);
    await this.endings.answer(action);
    return true;
  }

  private async stop(run: RunRef, request: CancelRequest, after: number): Promise<void> {
    for await (const { type } of this.reader.follow(run, after, AbortSignal.timeout(STOP_WITHIN_MS))) if (isTerminal(type)) return;
    await this.runs.askCancel(run, request, true);
    const action = await this.runs.findAction(run);
    await this.endings.cancel(run, request);
    await this.persistence.persist(run);
    // Its worker, if it is there, had nothing to tell when it was fenced.
    await this.endings.answer(action);
  }
}
