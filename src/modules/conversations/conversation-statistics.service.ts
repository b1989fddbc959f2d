import { Injectable } from '@nestjs/common';
import { type ConversationTotals, ConversationTotalsRepository, type TotalsFilter } from './archive/conversation-totals.repository.js';
import type { ConversationStatus, HotConversation } from './conversation.js';
import { matches } from './history/conversation-filter.js';
import { HotIndexStore } from './hot/hot-index.store.js';

/** Numbers of conversations of both stores. */
export interface ConversationCounts {
  readonly conversations: number;
  readonly active: number;
  readonly messages: number;
  readonly tokens: number;
  /** Messages in a conversation, on average; 0 without conversations. */
  readonly averageMessages: number;
  /** Conversations that their user has rated. */
  readonly ratings: number;
  /** 1 to 5, on average; 0 without ratings. */
  readonly averageSatisfaction: number;
  /** Of the closed conversations that were rated, the part rated 4 or 5, 0 to 1; 0 without any. */
  readonly resolutionRate: number;
}

export interface ConversationStatisticsReport extends ConversationCounts {
  /** By agent, the one with most conversations first. */
  readonly agents: readonly (ConversationCounts & { readonly agentId: string })[];
}

type Totals = Omit<ConversationTotals, 'agentId'>;

const CLOSED: ReadonlySet<ConversationStatus> = new Set(['completed', 'transferred', 'archived']);

/** Statistics: what is in Redis by its live counters, the rest by the totals that PostgreSQL keeps. */
@Injectable()
export class ConversationStatistics {
  constructor(
    private readonly index: HotIndexStore,
    private readonly totals: ConversationTotalsRepository,
  ) {}

  /** @param span conversations that began in it; all of them when it is left out */
  async ofTenant(tenantId: string, span: Pick<TotalsFilter, 'from' | 'to'> = {}): Promise<ConversationStatisticsReport> {
    const hot = await this.index.hotConversations(tenantId);
    const cold = await this.totals.find(tenantId, span, hot.map(({ conversationId }) => conversationId));
    const inRedis = hot.filter((conversation) => conversation.status !== 'deleted' && matches(conversation, span));
    const all = [...cold, ...inRedis.map(totalsOf)].filter(({ conversations }) => conversations > 0);
    const agents = [...Map.groupBy(all, ({ agentId }) => agentId)].map(([agentId, totals]) => ({ agentId, ...countsOf(totals) }));
    return { ...countsOf(all), agents: agents.sort((a, b) => b.conversations - a.conversations) };
  }

  /** Keeps the totals of all tenants short: what was noted of changes is added up. Running twice, or in two processes at once, equals running once. */
  async tidy(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.totals.fold()));
  }
}

function totalsOf({ agentId, status, messageCount, tokenCount, customerSatisfaction }: HotConversation): ConversationTotals {
  const rating = customerSatisfaction ?? 0;
  return { agentId, status, conversations: 1, messages: messageCount, tokens: tokenCount, ratings: rating > 0 ? 1 : 0, ratingSum: rating, satisfied: rating >= 4 ? 1 : 0 };
}

function countsOf(all: readonly Totals[]): ConversationCounts {
  const sum = (name: Exclude<keyof Totals, 'status'>, of: readonly Totals[] = all): number => of.reduce((total, totals) => total + totals[name], 0);
  const closed = all.filter(({ status }) => CLOSED.has(status));
  const [conversations, messages, ratings] = [sum('conversations'), sum('messages'), sum('ratings')];
  return {
    ...{ conversations, messages, ratings, tokens: sum('tokens') },
    active: sum('conversations', all.filter(({ status }) => status === 'active')),
    averageMessages: share(messages, conversations),
    averageSatisfaction: share(sum('ratingSum'), ratings),
    resolutionRate: share(sum('satisfied', closed), sum('ratings', closed)),
  };
}

/** @returns 0 of nothing */
function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
