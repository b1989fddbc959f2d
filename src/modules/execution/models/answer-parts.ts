import type { ProviderModel } from './builtin.model.js';

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
  readonly deltas: string[];
}

/** An answer as it is kept. */
export type PackedPart = Exclude<AnswerPart, Delta> | Delta | DeltaRun;

/** The same parts in less room. */
export function packed(parts: readonly AnswerPart[]): PackedPart[] {
  const kept: PackedPart[] = [];
  for (const part of parts) {
    const last = kept.at(-1);
    if (!isPlainDelta(part)) kept.push(part);
    else if (last?.type === 'deltas' && last.of === part.type && last.id === part.id) last.deltas.push(part.delta);
    else kept.push({ type: 'deltas', of: part.type, id: part.id, deltas: [part.delta] });
  }
  return kept;
}

/** The parts that {@link packed} was given. */
export function unpacked(kept: readonly PackedPart[]): AnswerPart[] {
  return kept.flatMap((part) => (part.type === 'deltas' ? part.deltas.map((delta): AnswerPart => ({ type: part.of, id: part.id, delta })) : [part]));
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
  return (inputTokens.total ?? 0) + (outputTokens.total ?? 0);
}

/** Some servers say that they have stopped where they ask for tools. */
function isCleanEnd({ unified }: WholeAnswer['finishReason'], parts: readonly { readonly type: string }[], toolCalls: boolean): boolean {
  return toolCalls ? unified === 'stop' || unified === 'tool-calls' : unified === 'stop' && !parts.some(({ type }) => type === 'tool-call');
}

function isPlainDelta(part: AnswerPart): part is Delta {
  return 'delta' in part && Object.keys(part).length === 3;
}
