import type { Seen } from './history-check.js';

/** What a reader knows before it asks. */
export interface Asked {
  readonly conversationId: string;
  /** So many messages the conversation has had for certain when it asked. */
  readonly atLeast: number;
}

/** One answer. */
export type Answered =
  /** Messages after a seq, oldest first, or before one (null: from the end), newest first. */
  | { readonly kind: 'forward'; readonly after: number; readonly limit: number; readonly total: number; readonly messages: readonly Seen[] }
  | { readonly kind: 'backward'; readonly before: number | null; readonly limit: number; readonly total: number; readonly messages: readonly Seen[] }
  /** The newest messages that fit a model, oldest first. */
  | { readonly kind: 'window'; readonly contents: readonly string[] }
  /** What the conversation says of itself. */
  | { readonly kind: 'header'; readonly total: number };

/**
 * What all readers of a run have seen, against what was acknowledged and seen before they asked: a conversation never becomes shorter, has no gap, and a message
 * stays what it was, whoever asks and in whatever way.
 */
export class ReaderLog {
  reads = 0;
  readonly violations: string[] = [];
  private readonly known = new Map<string, { length: number; readonly texts: Map<number, string>; readonly places: Map<string, number> }>();

  /** The conversation has a message there, and all before it. */
  acknowledged(conversationId: string, seq: number): void {
    this.grow(conversationId, seq);
  }

  /** To be called before a read is sent. */
  ask(conversationId: string): Asked {
    return { conversationId, atLeast: this.of(conversationId).length };
  }

  observe(asked: Asked, answered: Answered): void {
    this.reads++;
    for (const fault of this.faultsOf(asked, answered)) this.violations.push(`${asked.conversationId}: ${answered.kind} ${fault}`);
    if (answered.kind === 'window') return;
    if (answered.kind !== 'header') for (const message of answered.messages) this.grow(asked.conversationId, message.seq);
    this.grow(asked.conversationId, answered.total);
  }

  /** Messages that somebody has seen and that a history does not have there. @param history dense */
  unlike(conversationId: string, history: readonly Seen[]): string[] {
    const { texts, length } = this.of(conversationId);
    const wrong = [...texts].filter(([seq, text]) => textOf(history[seq - 1]) !== text);
    return [...wrong.map(([seq]) => `seen: ${String(seq)} is another message in the end`), ...(length > history.length ? [`seen: ${String(length)} messages, of which ${String(history.length)} are left`] : [])];
  }

  private faultsOf(asked: Asked, answered: Answered): string[] {
    switch (answered.kind) {
      case 'forward':
        return [...shrunk(asked, answered.total), ...this.forwardFaults(asked, answered), ...this.altered(asked, answered.messages)];
      case 'backward':
        return [...shrunk(asked, answered.total), ...backwardFaults(asked, answered), ...this.altered(asked, answered.messages)];
      case 'window':
        return this.windowFaults(asked, answered.contents);
      case 'header':
        return shrunk(asked, answered.total);
    }
  }

  private forwardFaults({ atLeast }: Asked, { after, limit, messages }: Extract<Answered, { kind: 'forward' }>): string[] {
    const gap = gapIn(messages, (i) => after + 1 + i);
    const reached = after + messages.length;
    return [...gap, ...(messages.length < limit && reached < atLeast ? [`ends at ${String(reached)}, there are ${String(atLeast)}`] : [])];
  }

  /** Contents are unique: each is found by the place at which it was seen first. Those that nobody has seen in a page are not judged. */
  private windowFaults({ conversationId, atLeast }: Asked, contents: readonly string[]): string[] {
    const { places } = this.of(conversationId);
    const seqs = contents.map((content) => places.get(content));
    const last = seqs.findLastIndex((seq) => seq !== undefined);
    const newest = last < 0 ? 0 : (seqs[last] ?? 0) + (seqs.length - 1 - last);
    const gap = seqs.findIndex((seq, i) => seq !== undefined && i > 0 && seqs[i - 1] !== undefined && seq !== seqs[i - 1]! + 1);
    return [
      ...(gap > 0 ? [`has a gap: ${String(seqs[gap])} after ${String(seqs[gap - 1])}`] : []),
      ...(last >= 0 && newest < atLeast ? [`ends at ${String(newest)}, there are ${String(atLeast)}`] : []),
      ...(contents.length === 0 && atLeast > 0 ? [`is empty, there are ${String(atLeast)}`] : []),
    ];
  }

  private altered({ conversationId }: Asked, messages: readonly Seen[]): string[] {
    const { texts, places } = this.of(conversationId);
    return messages.flatMap((message) => {
      const before = texts.get(message.seq);
      if (before === undefined) {
        texts.set(message.seq, textOf(message));
        places.set(message.content, message.seq);
      }
      return before === undefined || before === textOf(message) ? [] : [`has ${textOf(message)} as ${String(message.seq)}, which was ${before}`];
    });
  }

  private grow(conversationId: string, length: number): void {
    const known = this.of(conversationId);
    known.length = Math.max(known.length, length);
  }

  private of(conversationId: string): { length: number; readonly texts: Map<number, string>; readonly places: Map<string, number> } {
    const known = this.known.get(conversationId) ?? { length: 0, texts: new Map<number, string>(), places: new Map<string, number>() };
    this.known.set(conversationId, known);
    return known;
  }
}

function shrunk({ atLeast }: Asked, total: number): string[] {
  return total < atLeast ? [`has shrunk: ${String(total)}, there were ${String(atLeast)}`] : [];
}

function backwardFaults({ atLeast }: Asked, { before, limit, messages }: Extract<Answered, { kind: 'backward' }>): string[] {
  const first = messages[0]?.seq ?? 0;
  const wanted = before === null ? atLeast : Math.min(before - 1, atLeast);
  const gap = gapIn(messages, (i) => first - i);
  const reached = first - messages.length;
  return [...gap, ...(first < wanted ? [`begins at ${String(first)}, there are ${String(wanted)}`] : []), ...(messages.length < limit && reached > 0 ? [`ends before ${String(reached)}`] : [])];
}

function gapIn(messages: readonly Seen[], placeOf: (i: number) => number): string[] {
  const wrong = messages.findIndex(({ seq }, i) => seq !== placeOf(i));
  return wrong < 0 ? [] : [`has a gap: ${String(messages[wrong]?.seq)} where ${String(placeOf(wrong))} should be`];
}

function textOf(message: Seen | undefined): string {
  return message ? JSON.stringify([message.messageId, message.role, message.content]) : '';
}
