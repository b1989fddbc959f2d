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
}

/** A conversation in Redis, whole as far as it is there. */
export interface HotList {
  readonly conversation: HotConversation;
  readonly messages: readonly Message[];
}

/**
 * Brings the two stores together where they differ, because an older Redis or an older PostgreSQL came back: nothing of PostgreSQL is
 * changed, nothing of Redis is lost. Messages that PostgreSQL has keep their seqs; those that only Redis has follow, in their order. One that has the id of
 * another message in PostgreSQL gets an id that no caller can choose.
 *
 * @param archived    what PostgreSQL has from the list's first seq on
 * @param archivedSeq its newest seq, 0 for none
 * @returns null when only a person can tell: PostgreSQL has a gap, or lacks messages that Redis has no more
 */
export function resequence({ conversation, messages }: HotList, archived: readonly Message[], archivedSeq: number): Resequencing | null {
  const { firstHotSeq } = conversation;
  if (archivedSeq < firstHotSeq - 1 || archived.length !== archivedSeq - firstHotSeq + 1) return null;
  const same = archived.findIndex((message, i) => !isSame(message, messages[i]));
  const keptCount = same === -1 ? archived.length : same;
  const [inPostgres, onlyHot] = [archived.slice(keptCount), messages.slice(keptCount)];
  const known = new Map(archived.map((message) => [message.messageId, message]));
  const added = onlyHot
    .filter((message) => !isSame(known.get(message.messageId), message))
    .map((message, i) => ({ ...message, seq: archivedSeq + i + 1, messageId: known.has(message.messageId) ? `${message.messageId}~${String(message.seq)}` : message.messageId }));
  const fromSeq = firstHotSeq + keptCount;
  const replacing = [...inPostgres, ...added];
  return {
    ...{ fromSeq, messages: replacing, archivedSeq, seq: archivedSeq + added.length },
    movedCount: inPostgres.length === 0 ? 0 : added.length,
    tokenCount: conversation.tokenCount - tokensOf(onlyHot) + tokensOf(replacing),
    systemSeqs: [...conversation.systemSeqs.filter((seq) => seq < fromSeq), ...replacing.filter(({ role }) => role === 'system').map(({ seq }) => seq)].slice(-WINDOW_SYSTEM_MESSAGES),
  };
}

/** The same message, wherever it stands. */
function isSame(a: Message | undefined, b: Message | undefined): boolean {
  return a !== undefined && b !== undefined && a.messageId === b.messageId && a.role === b.role && a.content === b.content;
}

function tokensOf(messages: readonly Message[]): number {
  return messages.reduce((sum, { tokens }) => sum + tokens, 0);
}
