import type { CacheEntry, Inputs } from '../entry/cache-entry.js';
import { UNSET } from '../symbols.js';

export interface FewShotOptions {
  /** Of which function; of all without it. */
  readonly func?: string;
  /** Which entries, besides. */
  readonly filter?: (entry: CacheEntry) => boolean;
  /** How many at most: the first ones of the source. */
  readonly limit?: number;
}

/** One example of a prompt. */
export interface FewShotExample {
  readonly inputs: Inputs;
  /** What the answer should be, or else what it was. */
  readonly output: unknown;
}

/** As the AI SDK's `ModelMessage`. */
export interface FewShotMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/**
 * Examples of what is to be answered, as the source has them now: a cache is read at every call. An entry without a result is none; one
 * that is only annotated is.
 *
 * @source AgentHeaven 0.9.2, normalize_examples: expected before output
 */
export async function fewShotExamples(source: Iterable<CacheEntry> | AsyncIterable<CacheEntry>, { func, filter = () => true, limit = Infinity }: FewShotOptions = {}): Promise<FewShotExample[]> {
  const examples: FewShotExample[] = [];
  const isExample = (entry: CacheEntry): boolean => entry.value !== UNSET && (func === undefined || entry.func === func) && filter(entry);
  for await (const entry of source) {
    if (examples.length >= limit) break;
    if (isExample(entry)) examples.push({ inputs: entry.toDict().inputs, output: entry.ownValue() });
  }
  return examples;
}

/** Examples as a part of a prompt. Empty when there are none. */
export function fewShotText(examples: readonly FewShotExample[]): string {
  return examples.map(({ inputs, output }) => `Input: ${inputsText(inputs)}\nOutput: ${promptText(output)}`).join('\n\n');
}

/** Examples as turns of a conversation, to go before the question. */
export function fewShotMessages(examples: readonly FewShotExample[]): FewShotMessage[] {
  return examples.flatMap(({ inputs, output }) => [
    { role: 'user', content: inputsText(inputs) },
    { role: 'assistant', content: promptText(output) },
  ]);
}

/** One text is itself: its parameter's name says nothing to a model. */
function inputsText(inputs: Inputs): string {
  const values = Object.values(inputs);
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : promptText(inputs);
}

/** A text as it is, all else as JSON; what JSON does not have as a model would write it. */
function promptText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null, (_, part: unknown) => plain(part));
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Map) return Object.fromEntries(value as Map<string, unknown>);
  return value instanceof Set ? [...(value as Set<unknown>)] : value;
}
