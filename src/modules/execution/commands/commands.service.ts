import { Injectable } from '@nestjs/common';
import type { Command, CommandChange } from './command.js';
import { CommandCaches } from './command-caches.service.js';
import { CommandEvents } from './command-events.service.js';
import { CommandReader } from './command-reader.service.js';
import { type CommandFilter, CommandRepository } from './command.repository.js';
import { CommandWriter } from './command-writer.service.js';
import { commandErrors } from './commands.errors.js';

/** Which part of a list. */
export interface CommandListing extends CommandFilter {
  readonly limit: number;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Commands, newest first. */
export interface CommandPage {
  readonly data: readonly Command[];
  /** Where the next page goes on; null on the last one. */
  readonly nextCursor: string | null;
  /** How many there are in all. */
  readonly total: number;
}

/** Commands that have been taken. Ids are in lower case, either of the two. */
@Injectable()
export class CommandsService {
  constructor(
    private readonly commands: CommandRepository,
    private readonly reader: CommandReader,
    private readonly writer: CommandWriter,
    private readonly caches: CommandCaches,
    private readonly events: CommandEvents,
  ) {}

  /** @throws COMMAND_NOT_FOUND (notFound), also for another tenant's command */
  async get(tenantId: string, id: string): Promise<Command> {
    return this.reader.get(tenantId, id);
  }

  /** `total` counts what the filter lets through. */
  async list(tenantId: string, { limit, cursor, ...filter }: CommandListing): Promise<CommandPage> {
    const [rows, total] = await Promise.all([this.commands.findPage(tenantId, filter, limit + 1, cursor), this.commands.count(tenantId, filter)]);
    const data = await this.reader.complete(rows.slice(0, limit));
    const nextCursor = rows.length > limit ? (data.at(-1)?.metadata.dbUuid ?? null) : null;
    return { data, nextCursor, total };
  }

  /**
   * Changes what is given, in the cache at once and then in the table. A background that is null is taken away.
   *
   * @throws COMMAND_NOT_FOUND (notFound), COMMAND_EDIT_EMPTY (invalid), COMMANDS_UNSAVED, DATABASE_UNAVAILABLE (unavailable: the change is kept and
   * written later, as long as this process lives)
   */
  async update(tenantId: string, id: string, { callerMetadata, agentBackground }: Pick<CommandChange, 'callerMetadata' | 'agentBackground'>): Promise<Command> {
    const change = { ...(callerMetadata && { callerMetadata }), ...(agentBackground !== undefined && { agentBackground }) };
    if (Object.keys(change).length === 0) throw commandErrors.editEmpty();
    this.writer.requireRoom();
    const command = await this.reader.get(tenantId, id);
    await this.writer.write(command, { ...change, updatedAt: this.changeCached(command, change) });
    const updated = await this.reader.get(tenantId, id);
    this.events.emit('commandUpdated', updated, tenantId);
    return updated;
  }

  /** The record goes; a run that is under way goes on, and its end is written nowhere. @throws COMMAND_NOT_FOUND (notFound) */
  async remove(tenantId: string, id: string): Promise<void> {
    this.caches.note(tenantId);
    const deleted = await this.commands.delete(tenantId, id);
    if (!deleted) throw commandErrors.notFound(id);
    const commandId = deleted.metadata.dbUuid;
    this.writer.forget({ tenantId, commandId });
    this.caches.of(tenantId).removeCachedCommand(deleted.id);
    this.caches.changed(tenantId, commandId);
    this.events.emit('commandDeleted', { id: deleted.id, dbId: commandId }, tenantId);
  }

  /** @returns the time of the change */
  private changeCached({ tenantId, id, updatedAt }: Command, change: CommandChange): number {
    const cache = this.caches.of(tenantId);
    if (change.agentBackground === null) cache.clearAgentBackground(id);
    const isMore = Object.values(change).some((value) => value !== null);
    const cached = isMore ? cache.updateCachedCommand(id, change) : cache.getCachedCommand(id);
    return cached?.updatedAt ?? Math.max(Date.now(), updatedAt + 1);
  }
}
