import { Injectable } from '@nestjs/common';
import type { DomainAction, ExecutionEvent } from '../../../contracts/index.js';
import { ExecutionSettings } from '../../../shared/config/index.js';
import { RunStore, tokenOf } from '../runs/run.store.js';
import { EventLogStore } from './event-log.store.js';
import { EventWriter } from './event-writer.js';

/** Makes the writer of each attempt of a run. */
@Injectable()
export class EventWriters {
  constructor(
    private readonly log: EventLogStore,
    private readonly runs: RunStore,
    private readonly settings: ExecutionSettings,
  ) {}

  /** @param attempt that has begun: what earlier ones have written is in the log */
  async open({ tenantId, taskId: executionId, agentId = '', data: { conversationId } }: DomainAction<'execution.agent_run'>, attempt: number): Promise<EventWriter> {
    const ref = { tenantId, executionId };
    const run = { ...ref, conversationId, token: tokenOf(ref, attempt), known: attempt === 1 ? firstEvents(agentId) : await this.log.readAll(ref) };
    return new EventWriter({ log: this.log, runs: this.runs }, run, this.settings.deltaIntervalMs);
  }
}

/** What the log of a first attempt begins with, should it have to be restored. */
function firstEvents(agentId: string): ExecutionEvent[] {
  const at = new Date().toISOString();
  return [
    { type: 'execution.queued', data: { agentId }, seq: 1, at },
    { type: 'execution.started', data: { attempt: 1 }, seq: 2, at },
  ];
}
