import { type HotConversation, type Message, WINDOW_SYSTEM_MESSAGES } from '../conversation.js';

/** What takes the place of the end of a hot list. */
export interface Resequencing {
  /** The first seq at which the stores differ. */
  readonly fromSeq: number;
  /** What PostgreSQL has from there on, then what Redis had besides, under the seqs that follow. */
  readonly messages: readonly Message[];
  /** How many of them have another seq than before. */
  readonly movedCount: number;
  /** Newest seq that PostgreSQL has. */
  readonly archivedSeq: number;
  readonly seq: number;
  readonly tokenCount: number;
  readonly systemSeqs: readonly number[];
  readonly withdrawnSeqs: readonly number[];
}

/** What PostgreSQL has of a conversation. */
export interface ArchivedList {
  /** From the hot list's first seq on. */
  readonly messages: readonly Message[];
  /** Its newest seq, 0 for none. */
  readonly archivedSeq: number;
  /** Later ones were never archived. */
  readonly withdrawnSeqs: readonly number[];
}

/** A conversation in Redis, whole as far as it is there. */
export interface HotList {
  readonly conversation: HotConversation;
  readonly messages: readonly Message[];
}

/**
 * Brings the two stores together where they differ, because an older Redis or an older PostgreSQL came back: nothing of PostgreSQL is
 * changed, nothing of Redis is lost. Messages that PostgreSQL has keep their seqs; those that only Redis has follow, in their order. One that has the id of
 * another message in PostgreSQL gets an id that no caller can choose. What one of them knows to be withdrawn stays so, under the seq that it then has.
 *
 * @returns null when only a person can tell: PostgreSQL has a gap, or lacks messages that Redis has no more
 */
export function resequence({ conversation, messages }: HotList, { messages: archived, archivedSeq, withdrawnSeqs }: ArchivedList): Resequencing | null {
  const { firstHotSeq } = conversation;
  if (archivedSeq < firstHotSeq - 1 || archived.length !== archivedSeq - firstHotSeq + 1) return null;
  const same = archived.findIndex((message, i) => !isSame(message, messages[i]));
  const keptCount = same === -1 ? archived.length : same;
  const [inPostgres, onlyHot] = [archived.slice(keptCount), messages.slice(keptCount)];
  const known = new Map(archived.map((message) => [message.messageId, message]));
  const following = onlyHot.filter((message) => !isSame(known.get(message.messageId), message));
  const added = following.map((message, i) => ({ ...message, seq: archivedSeq + i + 1, messageId: known.has(message.messageId) ? `${message.messageId}~${String(message.seq)}` : message.messageId }));
  const fromSeq = firstHotSeq + keptCount;
  const replacing = [...inPostgres, ...added];
  const seqNow = new Map([...onlyHot.flatMap(({ seq, messageId }) => pairOf(seq, known.get(messageId))), ...following.flatMap(({ seq }, i) => pairOf(seq, added[i]))]);
  const isKept = (seq: number): boolean => seq < fromSeq;
  return {
    ...{ fromSeq, messages: replacing, archivedSeq, seq: archivedSeq + added.length },
    movedCount: inPostgres.length === 0 ? 0 : added.length,
    tokenCount: conversation.tokenCount - tokensOf(onlyHot) + tokensOf(replacing),
    systemSeqs: [...conversation.systemSeqs.filter(isKept), ...replacing.filter(({ role }) => role === 'system').map(({ seq }) => seq)].slice(-WINDOW_SYSTEM_MESSAGES),
    withdrawnSeqs: union(withdrawnSeqs.filter((seq) => seq <= archivedSeq), conversation.withdrawnSeqs.flatMap((seq) => (isKept(seq) ? seq : (seqNow.get(seq) ?? [])))),
  };
}

function pairOf(seq: number, message: Message | undefined): [number, number][] {
  return message ? [[seq, message.seq]] : [];
}

/** Smallest first. */
function union(some: readonly number[], others: readonly number[]): number[] {
  return [...new Set([...some, ...others])].sort((a, b) => a - b);
}

/** The same message, wherever it stands. */
function isSame(a: Message | undefined, b: Message | undefined): boolean {
  return a !== undefined && b !== undefined && a.messageId === b.messageId && a.role === b.role && a.content === b.content;
}

function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { tokens }) => sum + tokens, 0);
}
