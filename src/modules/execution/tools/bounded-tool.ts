import { startDeadline } from '../../../shared/actions/index.js';
import type { AgentTool } from './agent-tool.js';
import { toolErrors } from './tools.errors.js';

/** Of the JSON of one tool's output: a guess at what no model reads more of. Bytes. */
const MAX_OUTPUT_BYTES = 262_144;
/** What is nested deeper exhausts the stack of whoever walks through it. A guess, more than any honest answer has. */
const MAX_LEVELS = 64;

/** What a tool's output is when it was longer than {@link MAX_OUTPUT_BYTES}, or nested deeper than {@link MAX_LEVELS}. */
export interface CutOutput {
  readonly isCut: true;
  readonly note: string;
  /** The beginning: of the text, or of the JSON of anything else. */
  readonly text: string;
}

/**
 * The same tool within bounds of time and size. When the time is over or the run is aborted, its signal fires, and whoever called it is answered
 * at once, whether the tool heeds the signal or not.
 *
 * @returns a tool that throws TOOL_TIMED_OUT (unavailable), TOOL_OUTPUT_INVALID (internal), the run's reason when it was aborted, and what the tool throws
 */
export function boundedTool(tool: AgentTool, timeoutMs: number): AgentTool {
  const execute = async (input: unknown, signal: AbortSignal): Promise<unknown> => {
    using deadline = startDeadline(timeoutMs, signal, () => toolErrors.timedOut(tool.name, timeoutMs));
    deadline.signal.throwIfAborted();
    return boundedOutput(tool.name, await Promise.race([tool.execute(input, deadline.signal), whenAborted(deadline.signal)]));
  };
  return { ...tool, execute };
}

/** Rejects with the signal's reason; for `Promise.race`, which sees to it that the loser's failure does not count as unhandled. */
export function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => {
      reject(signal.reason);
    }, { once: true });
  });
}

function boundedOutput(name: string, output: unknown): unknown {
  const json = jsonOf(name, output);
  const sizeBytes = Buffer.byteLength(json);
  const isDeep = isDeeperThan(MAX_LEVELS, output);
  if (sizeBytes <= MAX_OUTPUT_BYTES && !isDeep) return output ?? null;
  const whole = Buffer.from(typeof output === 'string' ? output : json);
  // A character that is cut in two is left out.
  const text = new TextDecoder().decode(whole.subarray(0, MAX_OUTPUT_BYTES), { stream: true });
  const fault = isDeep ? `was nested deeper than ${String(MAX_LEVELS)} levels; this is its JSON, or the beginning of it` : `had ${String(sizeBytes)} bytes; this is its beginning`;
  return { isCut: true, note: `The output ${fault}.`, text } satisfies CutOutput;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

function jsonOf(name: string, output: unknown): string {
  try {
    return JSON.stringify(output ?? null) ?? 'null';
  } catch (cause) {
    throw toolErrors.outputInvalid(name, cause);
  }
}
