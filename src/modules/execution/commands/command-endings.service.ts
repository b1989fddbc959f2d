import { Injectable, type OnModuleInit } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import type { Execution } from '../execution.js';
import { ExecutionEndings } from '../execution-endings.service.js';
import { ExecutionsService } from '../executions.service.js';
import type { Command, CommandChange, CommandRef } from './command.js';
import { ABANDONED, endingOf, isAbandoned, reopened, wasGivenUp } from './command-ending.js';
import { CommandCaches } from './command-caches.service.js';
import { CommandEvents } from './command-events.service.js';
import { CommandRepository } from './command.repository.js';

/** What becomes of pending commands: the end of their runs is written once, by whoever sees it first. */
@Injectable()
export class CommandEndings implements OnModuleInit {
  constructor(
    private readonly endings: ExecutionEndings,
    private readonly executions: ExecutionsService,
    private readonly commands: CommandRepository,
    private readonly caches: CommandCaches,
    private readonly events: CommandEvents,
  ) {}

  onModuleInit(): void {
    this.endings.add(async (tenantId, execution) => {
      const { commandId } = execution;
      if (commandId !== null) await this.end({ tenantId, commandId }, endingOf(execution));
    });
  }

  /**
   * A pending command, or one that was given up, as it is now, by its run: `running` while that goes on, ended if nobody has written that yet. What cannot be asked leaves it
   * as it is, and what cannot be written is shown all the same.
   */
  async settle(command: Command): Promise<Command> {
    const open = reopened(command);
    if (open.status !== 'pending') return command;
    const { tenantId, executionId } = command;
    const execution = await available(this.executions.find({ tenantId, executionId }));
    if (execution === undefined || (execution === null && wasGivenUp(command))) return command;
    const change = changeBy(execution, open);
    if (change.status === undefined || change.status === 'running') return { ...open, ...change };
    const ended = await available(this.end({ tenantId, commandId: command.metadata.dbUuid }, change));
    return ended ?? { ...open, ...change };
  }

  /** Doing it twice equals doing it once: an ended command is left as it is. @returns the command as it is now; null when there is none */
  private async end(ref: CommandRef, ending: CommandChange): Promise<Command | null> {
    const { tenantId, commandId } = ref;
    const change = { ...ending, updatedAt: Date.now() };
    this.caches.note(tenantId);
    const { command, isEnd } = await this.commands.endOnce(ref, change);
    if (!command || !isEnd) return command;
    this.caches.of(tenantId).updateCachedCommand(commandId, change);
    this.caches.changed(tenantId, commandId);
    this.events.emit('statusChange', { id: command.id, dbId: commandId, status: command.status }, tenantId);
    this.events.emit('commandUpdated', command, tenantId);
    return command;
  }
}

function changeBy(execution: Execution | null, command: Command): CommandChange {
  if (!execution) return isAbandoned(command, Date.now()) ? ABANDONED : {};
  if (execution.endedAt !== null) return endingOf(execution);
  const { status, conversationId, sessionId } = execution;
  return { conversationId, sessionId, ...(status === 'running' && { status }) };
}

/** undefined when a store is away: what is known without it has to do. */
async function available<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (toAppError(error).kind !== 'unavailable') throw error;
    return undefined;
  }
}
