import type { Message } from '../conversation.js';
import type { Appended, Refused } from './append.js';
import { seqsOf } from './header-hash.js';
import { fromStored } from './message-json.js';

/** The newest messages, or those of them that the caller did not have. */
export interface HotWindow {
  /** The messages follow the one that the caller has; otherwise what he has is not of this conversation, or too old. */
  readonly goesOn: boolean;
  /** seq of the first message wanted; older ones than Redis has are in PostgreSQL. */
  readonly firstSeq: number;
  /** Of those that are not withdrawn. */
  readonly systemSeqs: readonly number[];
  readonly withdrawnSeqs: readonly number[];
  /** Oldest first, the withdrawn ones too. */
  readonly messages: readonly Message[];
}

/** The newest message that a caller has, and which ones he knows to be withdrawn. */
export type KnownWindow = Partial<Pick<Message, 'seq' | 'messageId'>> & { readonly withdrawnSeqs?: readonly number[] };

/** Messages that are taken back. */
export interface Withdrawn {
  readonly outcome: 'withdrawn';
  /** Whose conversation it is. */
  readonly agentId: string;
  /** Of the messages that were asked for and are there. */
  readonly seqs: readonly number[];
}

/** Reason and what stands against it. */
export type RefusedAnswer = ['refused', Refused['reason'], string | number];
export type AppendAnswer = ['appended', number, string] | ['repeated', number, string] | RefusedAnswer;

export function appendedOf(answer: AppendAnswer | null): Appended | Refused | null {
  if (answer === null) return null;
  if (answer[0] === 'refused') return refusedOf(answer);
  if (answer[0] === 'repeated') return { outcome: 'repeated', seq: answer[1], stored: answer[2] === '' ? null : fromStored(answer[2], answer[1]) };
  return { outcome: 'appended', seq: answer[1], displaced: orNull(answer[2]) };
}

export function refusedOf([, reason, fact]: RefusedAnswer): Refused {
  return { outcome: 'refused', reason, fact };
}

/** '' is none. */
export function orNull(text: string): string | null {
  return text === '' ? null : text;
}

/** @param texts as they lie in the list, from `firstSeq` on */
export function messagesOf(texts: readonly string[], firstSeq: number): Message[] {
  return texts.map((text, i) => fromStored(text, firstSeq + i));
}

/** As `window.lua` gives it. */
export type WindowAnswer = [goesOn: 0 | 1, systemSeqs: string, firstSeq: number, from: number, texts: string[], withdrawnSeqs: string];

export function windowOf([goesOn, systemSeqs, firstSeq, from, texts, withdrawn]: WindowAnswer): HotWindow {
  const withdrawnSeqs = seqsOf(withdrawn);
  const shownSystemSeqs = seqsOf(systemSeqs).filter((seq) => !withdrawnSeqs.includes(seq));
  return { goesOn: goesOn === 1, firstSeq, systemSeqs: shownSystemSeqs, withdrawnSeqs, messages: messagesOf(texts, from) };
}

/** As `withdraw.lua` gives it. */
export type WithdrawnAnswer = ['withdrawn', agentId: string, ...seqs: number[]];

export function withdrawnOf(answer: WithdrawnAnswer | RefusedAnswer): Withdrawn | Refused {
  if (answer[0] === 'refused') return refusedOf(answer);
  const [outcome, agentId, ...seqs] = answer;
  return { outcome, agentId, seqs };
}
