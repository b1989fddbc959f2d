import type { ProviderModel } from './builtin.model.js';
import { wholeTokens } from './whole-tokens.js';

/** What a model's stream consists of. */
export type AnswerPart = Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;
/** What a model answers in one piece. */
export type WholeAnswer = Awaited<ReturnType<ProviderModel['doGenerate']>>;

type Delta = Extract<AnswerPart, { delta: string }>;

/** Deltas of one block that came one after another: most of an answer, without what they have in common. */
interface DeltaRun {
  readonly type: 'deltas';
  readonly of: Delta['type'];
  readonly id: string;
  /** Of each in `said`, UTF-16 code units. */
  readonly lengths: number[];
}

/** An answer as it is kept: what it says first, for whoever looks at entries. */
export interface PackedAnswer {
  readonly said: string;
  readonly parts: readonly (AnswerPart | DeltaRun)[];
}

/** The same parts in less room. */
export function packed(all: readonly AnswerPart[]): PackedAnswer {
  const parts: (AnswerPart | DeltaRun)[] = [];
  let said = '';
  for (const part of all) {
    const last = parts.at(-1);
    if (!isPlainDelta(part)) {
      parts.push(part);
      continue;
    }
    said += part.delta;
    if (last?.type === 'deltas' && last.of === part.type && last.id === part.id) last.lengths.push(part.delta.length);
    else parts.push({ type: 'deltas', of: part.type, id: part.id, lengths: [part.delta.length] });
  }
  return { said, parts };
}

/** The parts that {@link packed} was given. */
export function unpacked({ said, parts }: PackedAnswer): AnswerPart[] {
  let at = 0;
  const next = (length: number): string => said.slice(at, (at += length));
  return parts.flatMap((part) => (part.type === 'deltas' ? part.lengths.map((length): AnswerPart => ({ type: part.of, id: part.id, delta: next(length) })) : [part]));
}

/**
 * Whether a stream is a whole answer that may be given again. Not one that failed, was cut off or filtered, or has reached its number of tokens.
 *
 * @param toolCalls whether one that asks for tools may
 */
export function isCleanStream(parts: readonly AnswerPart[], toolCalls: boolean): boolean {
  const end = parts.at(-1);
  return end?.type === 'finish' && isCleanEnd(end.finishReason, parts, toolCalls) && !parts.some(({ type }) => type === 'error');
}

/** The same of an answer in one piece. */
export function isCleanAnswer({ finishReason, content }: WholeAnswer, toolCalls: boolean): boolean {
  return isCleanEnd(finishReason, content, toolCalls);
}

/** The last part of an answer that was not asked for anew says so. */
export function markedCached<T extends AnswerPart | WholeAnswer>(part: T): T {
  const isEnd = 'finishReason' in part;
  if (!isEnd) return part;
  return { ...part, providerMetadata: { ...part.providerMetadata, nooble: { ...part.providerMetadata?.['nooble'], cached: true } } };
}

/** What an answer would have cost, or has. Undefined for a part that is not the last. */
export function tokensOf(part: AnswerPart | WholeAnswer): number | undefined {
  if (!('usage' in part)) return undefined;
  const { inputTokens, outputTokens } = part.usage;
  return wholeTokens(inputTokens.total) + wholeTokens(outputTokens.total);
}

/** Some servers say that they have stopped where they ask for tools. */
function isCleanEnd({ unified }: WholeAnswer['finishReason'], parts: readonly { readonly type: string }[], toolCalls: boolean): boolean {
  return toolCalls ? unified === 'stop' || unified === 'tool-calls' : unified === 'stop' && !parts.some(({ type }) => type === 'tool-call');
}

function isPlainDelta(part: AnswerPart): part is Delta {
  return 'delta' in part && Object.keys(part).length === 3;
}
