import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CacheEventSource } from '../../../shared/cache/index.js';
import { MemorySettings } from '../../../shared/config/index.js';
import { MetricsService } from '../../../shared/telemetry/index.js';
import type { ConversationRef, Message } from '../conversation.js';
import { HistoryReader } from '../history/history-reader.service.js';
import { HotConversationStore } from '../hot/hot-conversation.store.js';
import type { HotWindow } from '../hot/script-answers.js';
import { withoutWithdrawn } from '../withdrawn.js';
import { type MemoryWindow, fitWindow } from './memory-window.js';
import { type HistoryBudget, historyBudget } from './model-limits.js';
import { TokenCounter } from './token-counter.service.js';

/** How the scopes of conversations begin: `cache-key.ts`. */
const CONVERSATION = 'c:';

/** What one process remembers of a conversation. */
interface Buffer {
  /** The newest messages, oldest first, without a gap. */
  readonly messages: readonly Message[];
  /** System messages that are older. */
  readonly systems: readonly Message[];
  /** How many were asked for when it was filled. */
  readonly count: number;
  /** Of all messages of the conversation; none of these is here. */
  readonly withdrawnSeqs: readonly number[];
}

/** What the process remembers in all. */
export interface MemoryStats {
  readonly activeConversations: number;
  readonly totalTokensInMemory: number;
  readonly memoryType: 'token_buffer';
}

/**
 * What a model is shown of a conversation. The process remembers the newest messages of the conversations that it serves and asks Redis only for
 * what is new; that what it remembers is still true, Redis says in the same round trip.
 *
 * @source seed 003, section 3, memory_manager
 */
@Injectable()
export class MemoryManager {
  private readonly buffers: LRUCache<string, Buffer>;
  private readonly budgetTokens: HistoryBudget;

  constructor(
    private readonly hot: HotConversationStore,
    private readonly history: HistoryReader,
    private readonly tokens: TokenCounter,
    settings: MemorySettings,
    metrics: MetricsService,
    events: CacheEventSource,
  ) {
    this.buffers = new LRUCache({ maxSize: settings.bufferMaxBytes, sizeCalculation: sizeOf });
    this.budgetTokens = historyBudget(settings);
    events.on('invalidated', ({ tenantId, kind, name }) => {
      if (kind === 'scope') this.forgetScope(tenantId, name);
    });
    events.on('forgotten', ({ kind, tenant, name }) => {
      if (kind === 'all') this.buffers.clear();
      else if (kind === 'scope') this.forgetScope(tenant, name);
    });
    metrics.read('gauge', { name: 'nooble_memory_conversations', help: 'Conversations whose newest messages this process remembers.' }, () => [[{}, this.getMemoryStats().activeConversations]]);
    metrics.read('gauge', { name: 'nooble_memory_tokens', help: 'Tokens of the messages that this process remembers.' }, () => [[{}, this.getMemoryStats().totalTokensInMemory]]);
  }

  /**
   * The newest messages that fit the model, the system messages among them.
   *
   * @param maxMessages newest messages to consider
   * @param maxTokens   at the most, if the model allows more
   * @returns an empty window for a conversation that does not exist
   */
  async window(ref: ConversationRef, model: string, maxMessages: number, maxTokens = Infinity): Promise<MemoryWindow> {
    const messages = await this.newest(ref, maxMessages);
    return fitWindow(messages, Math.min(this.budgetTokens(model), maxTokens), (text, tokens) => this.tokens.truncate(text, model, tokens));
  }

  /** What a window of this model holds at the most, tokens. */
  budgetOf(model: string): number {
    return this.budgetTokens(model);
  }

  getMemoryStats(): MemoryStats {
    const buffers = [...this.buffers.values()];
    const tokensOf = (messages: readonly Message[]): number => messages.reduce((sum, { tokens }) => sum + tokens, 0);
    const totalTokensInMemory = buffers.reduce((sum, { messages, systems }) => sum + tokensOf(messages) + tokensOf(systems), 0);
    return { activeConversations: buffers.length, totalTokensInMemory, memoryType: 'token_buffer' };
  }

  /** Forgets a conversation. It is remembered again when somebody asks for its window. */
  cleanup({ tenantId, conversationId }: ConversationRef): void {
    this.buffers.delete(bufferKey(tenantId, conversationId));
  }

  /** What is void in the caches is not remembered here either, whichever process has said so. Ids of tenants and conversations are in scopes as they are. */
  private forgetScope(tenantId: string, scope: string): void {
    if (scope.startsWith(CONVERSATION)) this.cleanup({ tenantId, conversationId: scope.slice(CONVERSATION.length) });
  }

  /** Oldest first. */
  private async newest(ref: ConversationRef, count: number): Promise<readonly Message[]> {
    const key = bufferKey(ref.tenantId, ref.conversationId);
    const held = this.heldFor(key, count);
    const wanted = held?.count ?? count;
    const hot = await this.history.fromRedis(ref, () => this.hot.window(ref, wanted, held && { ...held.messages.at(-1), withdrawnSeqs: held.withdrawnSeqs }));
    if (hot === null) {
      this.buffers.delete(key);
      return this.history.coldTail(ref, count);
    }
    const { withdrawnSeqs } = hot;
    const before = hot.goesOn && held ? held : { messages: [], systems: [], count: wanted, withdrawnSeqs };
    const news = withoutWithdrawn([...(await this.notHot(ref, hot)), ...hot.messages], withdrawnSeqs);
    const buffer = await this.extended(ref, before, { ...hot, messages: news });
    this.buffers.set(key, buffer);
    return lastOf(buffer, count, hot.systemSeqs);
  }

  /** What is remembered, if it is as much as is wanted. */
  private heldFor(key: string, count: number): Buffer | undefined {
    const held = this.buffers.get(key);
    return held && held.count >= count ? held : undefined;
  }

  /** What is wanted, new or not, and not in Redis any more. */
  private async notHot(ref: ConversationRef, { firstSeq, messages }: HotWindow): Promise<readonly Message[]> {
    return this.history.archivedBetween(ref, firstSeq, (messages[0]?.seq ?? firstSeq) - 1);
  }

  /** The buffer with what is new. */
  private async extended(ref: ConversationRef, buffer: Buffer, hot: HotWindow): Promise<Buffer> {
    if (hot.messages.length === 0) return buffer;
    const all = [...buffer.messages, ...hot.messages];
    const messages = all.slice(-buffer.count);
    const firstSeq = messages[0]?.seq ?? 1;
    const wanted = hot.systemSeqs.filter((seq) => seq < firstSeq);
    if (wanted.length === 0) return { ...buffer, messages, systems: [] };
    const known = new Map([...buffer.systems, ...all].map((message) => [message.seq, message]));
    const missing = await this.load(ref, wanted.filter((seq) => !known.has(seq)));
    for (const message of missing) known.set(message.seq, message);
    return { ...buffer, messages, systems: wanted.flatMap((seq) => known.get(seq) ?? []) };
  }

  /** System messages from before the window: in Redis or in PostgreSQL. */
  private async load(ref: ConversationRef, seqs: readonly number[]): Promise<readonly Message[]> {
    const inRedis = await Promise.all(seqs.map(async (seq) => (await this.hot.read(ref, { from: seq, count: 1 }))?.messages.find((message) => message.seq === seq)));
    const found = inRedis.filter((message) => message !== undefined);
    const rest = seqs.filter((seq) => !found.some((message) => message.seq === seq));
    return [...found, ...(await this.history.archivedAt(ref, rest))];
  }
}

/** The last messages of a buffer, after the system messages before them. */
function lastOf({ messages, systems }: Buffer, count: number, systemSeqs: readonly number[]): readonly Message[] {
  if (messages.length <= count) return [...systems, ...messages];
  const isKept = new Set(systemSeqs);
  return [...systems, ...messages.slice(0, -count).filter(({ seq }) => isKept.has(seq)), ...messages.slice(-count)];
}

function bufferKey(tenantId: string, conversationId: string): string {
  return `${tenantId} ${conversationId}`;
}

/** About the bytes that a message takes besides its text. A guess. */
const MESSAGE_BYTES = 300;

function sizeOf({ messages, systems }: Buffer): number {
  return [...messages, ...systems].reduce((sum, { content }) => sum + 2 * content.length + MESSAGE_BYTES, 1);
}
