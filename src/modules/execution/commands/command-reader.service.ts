import { Injectable } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import { type Command, isEnded } from './command.js';
import { CommandCaches } from './command-caches.service.js';
import { wasGivenUp } from './command-ending.js';
import { CommandEndings } from './command-endings.service.js';
import { CommandRepository } from './command.repository.js';
import { CommandWriter } from './command-writer.service.js';
import { commandErrors } from './commands.errors.js';

/** Reads of commands: ended ones from the cache; of others the table is asked, and then their run. */
@Injectable()
export class CommandReader {
  constructor(
    private readonly commands: CommandRepository,
    private readonly caches: CommandCaches,
    private readonly writer: CommandWriter,
    private readonly endings: CommandEndings,
  ) {}

  /** @param id either of its ids, in lower case @throws COMMAND_NOT_FOUND (notFound) */
  async get(tenantId: string, id: string): Promise<Command> {
    const cached = this.caches.find(tenantId, id);
    if (cached && isEnded(cached.status) && !wasGivenUp(cached) && this.caches.isSound) return cached;
    return this.endings.settle(await this.load(tenantId, id, cached));
  }

  /** What the table says, with what it lacks, and with where the runs of pending ones are. */
  async complete(commands: readonly Command[]): Promise<Command[]> {
    return Promise.all(commands.map((command) => this.endings.settle(this.withUnsaved(command))));
  }

  /** @param cached what stands in for the table while PostgreSQL is away */
  private async load(tenantId: string, id: string, cached: Command | null): Promise<Command> {
    const fence = this.caches.fence(tenantId);
    try {
      const row = await this.commands.find(tenantId, id);
      if (!row) throw commandErrors.notFound(id);
      const command = this.withUnsaved(row);
      // Otherwise it may have changed since it was read.
      if (this.caches.fence(tenantId) !== fence) return command;
      this.caches.keep(command);
      return this.caches.find(tenantId, id) ?? command;
    } catch (error) {
      const { code, kind } = toAppError(error);
      if (code === 'COMMAND_NOT_FOUND') this.caches.of(tenantId).removeCachedCommand(id);
      if (cached && kind === 'unavailable') return cached;
      throw error;
    }
  }

  private withUnsaved(command: Command): Command {
    return { ...command, ...this.writer.unsaved(command) };
  }
}
