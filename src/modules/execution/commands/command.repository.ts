import { Injectable } from '@nestjs/common';
import { type FindOptionsWhere, LessThan, type Repository } from 'typeorm';
import { Transactions } from '../../../shared/database/index.js';
import type { Command, CommandChange, CommandRef, StoredStatus } from './command.js';
import { CommandEntity } from './command.entity.js';
import { NOT_STARTED } from './commands.errors.js';

/** Which commands a list shows; a field that is left out excludes none. */
export interface CommandFilter {
  readonly agentId?: string | undefined;
  readonly status?: StoredStatus | undefined;
}

/** A change with its time, epoch milliseconds. */
export type TimedChange = CommandChange & { readonly updatedAt: number };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A command that was given up before its run was accepted takes the end of that run all the same. */
const NOT_ENDED = "(status = 'pending' OR (error->>'code' = :notStarted AND :code <> :notStarted))";

/** The table `commands`. */
@Injectable()
export class CommandRepository {
  constructor(private readonly transactions: Transactions) {}

  /** Inserts a command; one that is there already is left as it is. */
  async insertOnce(command: Command): Promise<void> {
    const { id, metadata, durationMs: _, ...rest } = command;
    const row = { ...rest, ...columnsOf(command), temporaryId: id, commandId: metadata.dbUuid, createdAt: new Date(command.createdAt) };
    await this.of(command.tenantId, (commands) => commands.createQueryBuilder().insert().values(row as object).orIgnore().updateEntity(false).execute());
  }

  /** @param id either of its ids, in lower case */
  async find(tenantId: string, id: string): Promise<Command | null> {
    const row = await this.of(tenantId, (commands) => commands.findOneBy(called(tenantId, id)));
    return row && commandOf(row);
  }

  /** Newest first; ids are UUIDv7, so the id is the time. @param before the UUID to go on from, not included */
  async findPage(tenantId: string, filter: CommandFilter, limit: number, before: string | undefined): Promise<Command[]> {
    const where = { ...matching(tenantId, filter), ...(before !== undefined && { commandId: LessThan(before) }) };
    return (await this.of(tenantId, (commands) => commands.find({ where, order: { commandId: 'DESC' }, take: limit }))).map(commandOf);
  }

  async count(tenantId: string, filter: CommandFilter): Promise<number> {
    return this.of(tenantId, (commands) => commands.countBy(matching(tenantId, filter)));
  }

  /** Writes all of a change in one statement. @returns false when there is no such command */
  async update({ tenantId, commandId }: CommandRef, change: TimedChange): Promise<boolean> {
    const { affected } = await this.of(tenantId, (commands) => commands.update({ tenantId, commandId }, columnsOf(change)));
    return affected === 1;
  }

  /** Status, results and all else of an end in one statement, unless the command has ended already. @returns the command as it is then, and whether this ended it */
  async endOnce({ tenantId, commandId }: CommandRef, change: TimedChange): Promise<{ readonly command: Command | null; readonly isEnd: boolean }> {
    const code = change.error?.code ?? '';
    const { affected } = await this.of(tenantId, (commands) =>
      commands.createQueryBuilder().update().set(columnsOf(change)).where({ tenantId, commandId }).andWhere(NOT_ENDED, { notStarted: NOT_STARTED, code }).execute());
    return { command: await this.find(tenantId, commandId), isEnd: affected === 1 };
  }

  /** @returns what there was; null when there was none */
  async delete(tenantId: string, id: string): Promise<Command | null> {
    const command = await this.find(tenantId, id);
    if (!command) return null;
    const { affected } = await this.of(tenantId, (commands) => commands.delete({ tenantId, commandId: command.metadata.dbUuid }));
    return affected === 1 ? command : null;
  }

  private async of<T>(tenantId: string, work: (commands: Repository<CommandEntity>) => Promise<T>): Promise<T> {
    return this.transactions.within(tenantId, undefined, (manager) => work(manager.getRepository(CommandEntity)));
  }
}

function called(tenantId: string, id: string): FindOptionsWhere<CommandEntity> {
  return UUID.test(id) ? { tenantId, commandId: id } : { tenantId, temporaryId: id };
}

function matching(tenantId: string, { agentId, status }: CommandFilter): FindOptionsWhere<CommandEntity> {
  return { tenantId, ...(agentId !== undefined && { agentId }), ...(status !== undefined && { status }) };
}

/** The columns of what can change; what is undefined stays as it is. */
function columnsOf({ callerMetadata, updatedAt, durationMs, ...same }: TimedChange): Record<string, unknown> {
  const { agentBackground, status, conversationId, sessionId, results, error, inputTokens, outputTokens } = same;
  const columns = { agentBackground, status, conversationId, sessionId, results, error, inputTokens, outputTokens, durationMs, metadata: callerMetadata, updatedAt: new Date(updatedAt) };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

function commandOf({ commandId, temporaryId, metadata, durationMs, createdAt, updatedAt, ...same }: CommandEntity): Command {
  return {
    ...same,
    id: temporaryId,
    callerMetadata: metadata,
    metadata: { dbUuid: commandId },
    durationMs: durationMs === null ? null : Number(durationMs),
    createdAt: createdAt.getTime(),
    updatedAt: updatedAt.getTime(),
  };
}
