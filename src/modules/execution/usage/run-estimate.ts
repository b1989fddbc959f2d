import type { AgentSnapshot } from '../context/execution-context.js';
import type { TierLimits } from '../../tenancy/index.js';

/** What a provider puts around each message, tokens. A guess on the high side: the known ones take 3 to 8. */
const AROUND_A_MESSAGE = 16;
/** What a model is told of one tool, and of what one call of it came to, tokens. Guesses; a tool that says more is settled at what it was. */
const OF_A_TOOL = 256;
const OF_A_RESULT = 4_096;

/** What a turn asks for, as far as its tokens are concerned. */
export interface EstimatedTurn {
  readonly message: string;
  readonly maxIterations?: number | undefined;
  readonly maxTokens?: number | undefined;
  /** Tokens of what was said before, at the most. */
  readonly historyTokens: number;
}

/** Tokens at the most. */
export interface RunEstimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * What a run may use at the most: every call reads the prompt, the messages and what the calls before have said, and says `maxTokens`. Text is
 * counted as its UTF-8 bytes, since no tokenizer makes more tokens than these. An agent without tools that is no workflow calls its model once.
 */
export function estimateOf(agent: AgentSnapshot, limits: Pick<TierLimits, 'maxIterations' | 'contextMessages'>, turn: EstimatedTurn): RunEstimate {
  const tools = agent.tools.length + 8 * agent.mcpServers.length;
  const calls = tools === 0 && agent.type !== 'workflow' ? 1 : Math.min(turn.maxIterations ?? agent.maxIterations, limits.maxIterations);
  const maxTokens = turn.maxTokens ?? agent.maxTokens;
  const messages = 2 + Math.min(agent.maxHistoryMessages, limits.contextMessages);
  const prompt = bytesOf(agent.background) + bytesOf(agent.systemPrompt) + bytesOf(turn.message) + turn.historyTokens + messages * AROUND_A_MESSAGE + tools * OF_A_TOOL;
  const before = (calls * (calls - 1)) / 2;
  return { inputTokens: calls * prompt + before * (maxTokens + (tools === 0 ? 0 : OF_A_RESULT)), outputTokens: calls * maxTokens };
}

function bytesOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(text);
}
