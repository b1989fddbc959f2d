import type { MessageRole } from '../../../contracts/index.js';
import type { MessagePageQuery } from '../archive/archive.repository.js';
import type { Conversation, Message } from '../conversation.js';
import type { Range } from '../hot/hot-conversation.store.js';
import { markWithdrawn, withoutWithdrawn } from '../withdrawn.js';

/** More messages than a conversation has, and a seq that none reaches. */
const END = 2_147_483_647;

/** Which messages of a conversation. Neither `after` nor `before` is included. */
export interface MessageQuery {
  readonly limit: number;
  /** seq; with it the page is read forwards, oldest first. */
  readonly after?: number | undefined;
  readonly before?: number | undefined;
  readonly role?: MessageRole | undefined;
  /** Those that were taken back, too, marked as such. */
  readonly includeWithdrawn?: boolean | undefined;
}

/** A page of messages. */
export interface MessagePage {
  /** Oldest first with `after`, otherwise newest first. A page without its withdrawn messages has fewer than were asked for, perhaps none, and is not the last for that. */
  readonly data: readonly Message[];
  /** The seq to go on from, as `after` or `before`; null on the last page. */
  readonly nextCursor: number | null;
  /** Messages of the conversation that its pages have in all, of the role if one was asked for. */
  readonly total: number;
}

/** What of the hot list a page may need: all of it when only some of it counts. */
export function hotRangeOf({ limit, after, before, role }: MessageQuery): Range {
  if (role !== undefined) return { from: 1, count: END };
  if (after !== undefined) return { from: after + 1, count: limit + 1 };
  return before === undefined ? { tail: limit + 1 } : { before, count: limit + 1 };
}

/** Those of the messages read that the query is for, oldest first. */
export function hotPart(messages: readonly Message[], { after = 0, before = END, role }: MessageQuery): Message[] {
  return messages.filter((message) => message.seq > after && message.seq < before && (role === undefined || message.role === role));
}

/** What PostgreSQL has to be asked for, if anything. @param found how many of the page are in Redis */
export function coldPart({ limit, after, before = END, role }: MessageQuery, firstHotSeq: number, found: number): MessagePageQuery | null {
  const isForward = after !== undefined;
  const wanted = isForward ? limit + 1 : limit + 1 - found;
  if (wanted <= 0 || (after ?? 0) + 1 >= Math.min(before, firstHotSeq)) return null;
  return { after: after ?? 0, before: Math.min(before, firstHotSeq), role, limit: wanted, isForward };
}

/** The query for a conversation that PostgreSQL has whole. */
export function wholeQuery({ limit, after, before = END, role }: MessageQuery): MessagePageQuery {
  return { after: after ?? 0, before, role, limit: limit + 1, isForward: after !== undefined };
}

/** What both stores have for a page. */
export interface PageParts {
  readonly total: number;
  /** As {@link coldPart} asked for them. */
  readonly inPostgres: readonly Message[];
  /** Oldest first. */
  readonly inRedis: readonly Message[];
  readonly withdrawnSeqs: readonly number[];
}

/** The cursor goes on from what was looked at, whether or not it is shown. */
export function pageOfMessages({ limit, after, includeWithdrawn = false }: MessageQuery, { total, inPostgres, inRedis, withdrawnSeqs }: PageParts): MessagePage {
  const all = after === undefined ? [...inRedis.toReversed(), ...inPostgres] : [...inPostgres, ...inRedis];
  const page = all.slice(0, limit);
  const data = includeWithdrawn ? markWithdrawn(page, withdrawnSeqs) : withoutWithdrawn(page, withdrawnSeqs);
  return { data, nextCursor: all.length > limit ? (page.at(-1)?.seq ?? null) : null, total };
}

/** seqs of what the pages of a query leave out. */
export function hiddenSeqs({ includeWithdrawn = false }: MessageQuery, { withdrawnSeqs }: Pick<Conversation, 'withdrawnSeqs'>): readonly number[] {
  return includeWithdrawn ? [] : withdrawnSeqs;
}
