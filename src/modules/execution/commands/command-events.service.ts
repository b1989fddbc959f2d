import { EventEmitter } from 'node:events';
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { CachedCommand, Command, CommandStatus } from './command.js';

/** A change of status. `dbId` is the command's UUID. */
export interface CommandStatusChange {
  readonly id: string;
  readonly dbId: string;
  readonly status: CommandStatus;
}

/** What happens to commands in this process, and in which tenant. */
export interface CommandEventMap {
  commandCreated: [command: Command, tenantId: string];
  commandUpdated: [command: CachedCommand, tenantId: string];
  statusChange: [change: CommandStatusChange, tenantId: string];
  commandDeleted: [ids: { readonly id: string; readonly dbId: string }, tenantId: string];
  commandCacheUpdated: [command: CachedCommand, tenantId: string];
  commandCacheRemoved: [removed: { readonly id: string }, tenantId: string];
}

/** Events of commands, in the process in which they happen. A listener that throws undoes nothing. */
@Injectable()
export class CommandEvents {
  private readonly emitter = new EventEmitter<CommandEventMap>();

  constructor(private readonly logger: PinoLogger) {}

  on<E extends keyof CommandEventMap>(event: E, listener: (...args: CommandEventMap[E]) => void): void {
    (this.emitter as EventEmitter).on(event, listener as (...args: unknown[]) => void);
  }

  off<E extends keyof CommandEventMap>(event: E, listener: (...args: CommandEventMap[E]) => void): void {
    (this.emitter as EventEmitter).off(event, listener as (...args: unknown[]) => void);
  }

  emit<E extends keyof CommandEventMap>(event: E, ...args: CommandEventMap[E]): void {
    for (const listener of (this.emitter as EventEmitter).listeners(event)) {
      try {
        (listener as (...args: unknown[]) => void)(...args);
      } catch (error) {
        this.logger.error({ err: error, event }, 'A listener of commands failed');
      }
    }
  }
}
