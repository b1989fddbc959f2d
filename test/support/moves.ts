import { CacheEventSource } from '../../src/shared/cache/index.js';
import { ArchiveRepository } from '../../src/modules/conversations/archive/archive.repository.js';
import { ConversationArchive } from '../../src/modules/conversations/archive/conversation-archive.service.js';
import { ConversationBounds } from '../../src/modules/conversations/conversation-bounds.service.js';
import { ColdHistory } from '../../src/modules/conversations/history/cold-history.service.js';
import { type ConversationRef, ConversationsService, HistoryReader, HotConversationStore, HotIndexStore, MemoryManager, type MemoryWindow, SessionsService, TokenCounter } from '../../src/modules/conversations/index.js';
import { MessageAppender } from '../../src/modules/conversations/message-appender.service.js';
import { ConversationMover } from '../../src/modules/migration/conversation-mover.service.js';
import { LedgerRepository } from '../../src/modules/migration/ledger.repository.js';
import { RangeWriter } from '../../src/modules/migration/range-writer.service.js';
import { AgentCacheInvalidator } from '../../src/shared/cache/index.js';
import { MemorySettings, MigrationSettings } from '../../src/shared/config/index.js';
import { Transactions } from '../../src/shared/database/index.js';
import { MetricsService } from '../../src/shared/telemetry/index.js';
import { HotStores } from './hot-store.js';
import { type TestApp, type TestAppOptions, startTestApp } from './test-app.js';

/** The system without workers, so that a conversation moves only when a test moves it, and its inner parts. */
export class Moves {
  readonly stores = new HotStores();

  private constructor(readonly nooble: TestApp) {}

  static async start(environment: Record<string, string> = {}, options: TestAppOptions = {}): Promise<Moves> {
    return new Moves(await startTestApp({ NOOBLE_ROLE: 'api', ...environment }, options));
  }

  async close(): Promise<void> {
    this.stores.close();
    await this.nooble.close();
  }

  get hot(): HotConversationStore {
    return this.part(HotConversationStore);
  }

  get index(): HotIndexStore {
    return this.part(HotIndexStore);
  }

  get sessions(): SessionsService {
    return this.part(SessionsService);
  }

  get history(): HistoryReader {
    return this.part(HistoryReader);
  }

  get conversations(): ConversationsService {
    return this.part(ConversationsService);
  }

  get ledger(): LedgerRepository {
    return this.part(LedgerRepository);
  }

  get transactions(): Transactions {
    return this.part(Transactions);
  }

  get archiveRows(): ArchiveRepository {
    return this.part(ArchiveRepository);
  }

  get archive(): ConversationArchive {
    return this.part(ConversationArchive);
  }

  /** A mover of a worker of its own. By default a closed conversation leaves Redis as soon as it is moved. */
  mover(settings: Partial<MigrationSettings> = {}, hot?: HotConversationStore): { move: (ref: ConversationRef, signal?: AbortSignal) => Promise<number | null>; metrics: MetricsService } {
    const metrics = new MetricsService();
    const all = Object.assign(new MigrationSettings(), { releaseSeconds: 0, ...settings });
    const writer = new RangeWriter(this.archive, this.ledger, this.transactions, all);
    const mover = new ConversationMover(hot ?? this.stores.open(all), this.archive, this.ledger, writer, all, metrics);
    return { metrics, move: async (ref, signal = new AbortController().signal) => mover.move(ref, 1, signal) };
  }

  /** What a process that has just started shows a model: the newest messages. */
  async tail(ref: ConversationRef, count: number, history = this.history): Promise<MemoryWindow['messages']> {
    return (await this.memory(history).window(ref, 'builtin/chat', count)).messages;
  }

  /** The memory of a process of its own. */
  memory(history = this.history, hot = this.hot): MemoryManager {
    return new MemoryManager(hot, history, new TokenCounter(new MemorySettings()), new MemorySettings(), new MetricsService(), new CacheEventSource());
  }

  /** A conversations service over another hot store, or another archive. */
  conversationsOver(hot: HotConversationStore, archive = this.archiveRows): ConversationsService {
    const [settings, invalidator] = [new MigrationSettings(), this.part(AgentCacheInvalidator)];
    const appender = new MessageAppender(hot, archive, new TokenCounter(new MemorySettings()), invalidator, settings);
    return new ConversationsService(hot, appender, this.historyOver(hot), this.archive, invalidator, this.part(ConversationBounds));
  }

  /** The history, and the memory, as a process has them whose Redis is away. */
  withoutRedis(): { history: HistoryReader; tail: (ref: ConversationRef, count: number) => Promise<MemoryWindow['messages']> } {
    const gone = new HotStores();
    const hot = gone.open();
    gone.close();
    const history = this.historyOver(hot);
    return { history, tail: async (ref, count) => (await this.memory(history, hot).window(ref, 'builtin/chat', count)).messages };
  }

  /** What PostgreSQL has of a conversation. */
  async stored({ tenantId, conversationId }: ConversationRef): Promise<{ row: Record<string, unknown> | undefined; messages: Record<string, unknown>[] }> {
    const by = 'WHERE tenant_id = $1 AND conversation_id = $2';
    const values = [tenantId, conversationId];
    const [row] = await this.nooble.database.query<Record<string, unknown>>(`SELECT * FROM conversations ${by}`, values);
    return { row, messages: await this.nooble.database.query(`SELECT * FROM messages ${by} ORDER BY seq`, values) };
  }

  /** [from, to, count, outcome] of every ledger row, oldest first. */
  async ranges({ tenantId, conversationId }: ConversationRef): Promise<unknown[][]> {
    const rows = await this.ledger.findByConversation(tenantId, conversationId);
    return rows.map(({ fromSeq, toSeq, messageCount, outcome }) => [fromSeq, toSeq, messageCount, outcome]);
  }

  private historyOver(hot: HotConversationStore): HistoryReader {
    return new HistoryReader(hot, this.part(ArchiveRepository), this.part(ColdHistory));
  }

  private part<T>(type: new (...dependencies: never[]) => T): T {
    return this.nooble.app.get<T>(type, { strict: false });
  }
}
