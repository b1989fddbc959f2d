// Movers in a process of their own, to be killed for real, driven by the messages of mover-process.ts. Each has its own connections.
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { AnnotationRepository } from '../../dist/modules/conversations/annotations/annotation.repository.js';
import { ConversationAssignmentEntity } from '../../dist/modules/conversations/annotations/conversation-assignment.entity.js';
import { ConversationLabelEntity } from '../../dist/modules/conversations/annotations/conversation-label.entity.js';
import { ConversationNoteEntity } from '../../dist/modules/conversations/annotations/conversation-note.entity.js';
import { ArchiveRepository } from '../../dist/modules/conversations/archive/archive.repository.js';
import { ConversationArchive } from '../../dist/modules/conversations/archive/conversation-archive.service.js';
import { ConversationEntity } from '../../dist/modules/conversations/archive/conversation.entity.js';
import { MessageEntity } from '../../dist/modules/conversations/archive/message.entity.js';
import { HotConversationStore } from '../../dist/modules/conversations/hot/hot-conversation.store.js';
import { ConversationMover } from '../../dist/modules/migration/conversation-mover.service.js';
import { LedgerEntity } from '../../dist/modules/migration/ledger.entity.js';
import { LedgerRepository } from '../../dist/modules/migration/ledger.repository.js';
import { RangeWriter } from '../../dist/modules/migration/range-writer.service.js';
import { DatabaseSettings, MigrationSettings, RedisSettings } from '../../dist/shared/config/index.js';
import { dataSourceOptions } from '../../dist/shared/database/data-source-options.js';
import { Transactions } from '../../dist/shared/database/index.js';
import { connectRedis } from '../../dist/shared/redis/connect-redis.js';

/** The stores of a mover wait for as long as a test does. */
const PATIENCE_MS = 60_000;
const metrics = { counter: () => ({ inc: () => undefined }) };

async function openMover({ redisUrl, databaseUrl, settings }) {
  const database = Object.assign(new DatabaseSettings(), { url: databaseUrl, poolSize: 1, statementTimeoutMs: PATIENCE_MS });
  const source = await new DataSource({ ...dataSourceOptions(database), migrations: [], entities: [ConversationEntity, MessageEntity, LedgerEntity, ConversationLabelEntity, ConversationAssignmentEntity, ConversationNoteEntity] }).initialize();
  const redis = connectRedis(Object.assign(new RedisSettings(), { url: redisUrl, commandTimeoutMs: PATIENCE_MS }));
  const all = Object.assign(new MigrationSettings(), settings);
  const hot = new HotConversationStore(redis, all);
  const transactions = new Transactions(source);
  const archive = new ConversationArchive(new ArchiveRepository(transactions), hot, transactions, new AnnotationRepository(transactions), { send: async () => '' });
  const ledger = new LedgerRepository(transactions);
  return new ConversationMover(hot, archive, ledger, new RangeWriter(archive, ledger, transactions, all), all, metrics);
}

process.on('message', async (order) => {
  const { tenantId, conversationId } = order;
  try {
    const mover = await openMover(order);
    process.send({ conversationId, movedTo: await mover.move({ tenantId, conversationId }, 1, new AbortController().signal) });
  } catch (error) {
    process.send({ conversationId, error: error.message });
  }
});
process.on('disconnect', () => process.exit());
