import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { ExecutionSettings } from '../../../shared/config/index.js';
import type { Command, CommandRef } from './command.js';
import { CommandCaches } from './command-caches.service.js';
import { CommandRepository, type TimedChange } from './command.repository.js';
import { commandErrors, isWorthRetrying } from './commands.errors.js';
import { WriteThrough } from './write-through.js';

const RETRY_MS = 5_000;

/** Writes changes of cached commands through to the table; what PostgreSQL does not take is told to the caller, and tried again as long as this process lives. */
@Injectable()
export class CommandWriter implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly through = new WriteThrough<TimedChange>({
    save: (key, change) => this.save(key, change),
    isWorthRetrying,
  });
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly commands: CommandRepository,
    private readonly caches: CommandCaches,
    private readonly settings: ExecutionSettings,
    private readonly logger: PinoLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.retry(), RETRY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.retry();
  }

  /** To be asked before the cache is changed: no more changes wait than commands may be cached. @throws COMMANDS_UNSAVED (unavailable) */
  requireRoom(): void {
    if (this.through.size >= this.settings.commandCacheMaxEntries) throw commandErrors.tooMuchUnsaved();
  }

  /**
   * Resolves when the table has the change. After a failure the cached command is dirty; one that will never be saved is forgotten instead.
   *
   * @throws COMMAND_NOT_FOUND (notFound), DATABASE_UNAVAILABLE (unavailable), and what else the database throws
   */
  async write({ tenantId, metadata: { dbUuid } }: Command, change: TimedChange): Promise<void> {
    const key = keyOf({ tenantId, commandId: dbUuid });
    this.caches.note(tenantId);
    try {
      await this.through.write(key, change);
    } catch (error) {
      if (this.through.unsaved(key) === undefined) this.caches.of(tenantId).removeCachedCommand(dbUuid);
      throw error;
    }
  }

  /** What the table lacks of a command, as far as this process knows. */
  unsaved({ tenantId, metadata: { dbUuid } }: Command): TimedChange | undefined {
    return this.through.unsaved(keyOf({ tenantId, commandId: dbUuid }));
  }

  /** Whether the cache is ahead of the table because the last save failed. */
  isDirty(ref: CommandRef): boolean {
    return this.through.isDirty(keyOf(ref));
  }

  forget(ref: CommandRef): void {
    this.through.forget(keyOf(ref));
  }

  /** Saves again what is dirty. */
  async retry(): Promise<void> {
    for (const key of await this.through.retry()) {
      const { tenantId, commandId } = refOf(key);
      this.caches.of(tenantId).removeCachedCommand(commandId);
      this.logger.error({ tenantId, commandId }, 'A change of a command could not be saved and is given up');
    }
  }

  private async save(key: string, change: TimedChange): Promise<void> {
    const ref = refOf(key);
    if (!(await this.commands.update(ref, change))) throw commandErrors.notFound(ref.commandId);
    this.caches.changed(ref.tenantId, ref.commandId);
  }
}

/** `/` is in no id. */
function keyOf({ tenantId, commandId }: CommandRef): string {
  return `${tenantId}/${commandId}`;
}

function refOf(key: string): CommandRef {
  const [tenantId = '', commandId = ''] = key.split('/');
  return { tenantId, commandId };
}
