import { Injectable } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import type { Command } from '../commands/command.js';
import { CommandsService } from '../commands/commands.service.js';
import { EventLogStore } from '../event-log/event-log.store.js';
import type { Execution } from '../execution.js';
import { RunStore } from '../runs/run.store.js';
import { type ExecutionsOf, PersonalExecutionRepository } from './personal-execution.repository.js';

/** Rows that are read at once. A guess: some megabytes of long answers. */
const ROWS = 100;

/** Goes through executions and commands one by one, however many there are. */
@Injectable()
export class ExecutionWalk {
  constructor(
    private readonly rows: PersonalExecutionRepository,
    private readonly runs: RunStore,
    private readonly log: EventLogStore,
    private readonly commands: CommandsService,
  ) {}

  /** Each once: those that PostgreSQL does not have yet, of which Redis is asked first, then the others, oldest first. */
  async *executions(tenantId: string, of: ExecutionsOf): AsyncGenerator<Execution> {
    const live = await this.live(tenantId, of);
    yield* live;
    const seen = new Set(live.map(({ executionId }) => executionId));
    for (let after = ''; ; ) {
      const page = await this.rows.findExecutions(tenantId, of, after, ROWS);
      for (const execution of page) if (!seen.has(execution.executionId)) yield execution;
      if (page.length < ROWS) return;
      after = page.at(-1)?.executionId ?? after;
    }
  }

  /** By its id, in Redis or in PostgreSQL. */
  async find(tenantId: string, executionId: string): Promise<Execution | null> {
    return (await this.log.find({ tenantId, executionId })) ?? (await this.rows.find(tenantId, executionId));
  }

  /** A user's, oldest first. */
  async *commandsOf(tenantId: string, userId: string): AsyncGenerator<Command> {
    for (let after = ''; ; ) {
      const page = await this.rows.findCommandIds(tenantId, userId, after, ROWS);
      for (const commandId of page) {
        const command = await this.commands.get(tenantId, commandId).catch(nullIfGone);
        if (command) yield command;
      }
      if (page.length < ROWS) return;
      after = page.at(-1) ?? after;
    }
  }

  /** Runs that PostgreSQL does not have yet, also those that have ended. */
  private async live(tenantId: string, of: ExecutionsOf): Promise<Execution[]> {
    const ids = 'userId' in of ? await this.runs.findUnpersisted(tenantId) : await this.runs.findUnpersistedOf(tenantId, of.conversationId);
    const found = await Promise.all(ids.map((executionId) => this.log.find({ tenantId, executionId })));
    return found.filter((execution) => execution !== null).filter((execution) => !('userId' in of) || execution.userId === of.userId);
  }
}

function nullIfGone(thrown: unknown): null {
  if (toAppError(thrown).kind === 'notFound') return null;
  throw thrown;
}
