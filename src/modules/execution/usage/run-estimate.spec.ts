import { describe, expect, it } from '@jest/globals';
import type { AgentSnapshot } from '../context/execution-context.js';
import { estimateOf } from './run-estimate.js';

const agent = (fields: Partial<AgentSnapshot> = {}): AgentSnapshot =>
  ({ type: 'conversational', background: null, systemPrompt: '', tools: [], mcpServers: [], maxTokens: 100, maxIterations: 5, maxHistoryMessages: 10, ...fields }) as unknown as AgentSnapshot;
const LIMITS = { maxIterations: 3, contextMessages: 5 };

describe('what a run may use at the most', () => {
  it('is one call of an agent that has no tools: prompt, history, message and answer', () => {
    const around = (2 + 5) * 16;
    expect(estimateOf(agent({ systemPrompt: 'Bär', background: 'abc' }), LIMITS, { message: 'hello', historyTokens: 1_000 })).toEqual({ inputTokens: 4 + 3 + 5 + 1_000 + around, outputTokens: 100 });
  });

  it.each([
    ['tools', agent({ tools: ['datetime'] })],
    ['MCP servers', agent({ mcpServers: [{ name: 'a', url: 'https://a.example', headers: {}, tools: null }] })],
    ['three phases', agent({ type: 'workflow' })],
  ])('is as many calls as the tier allows of an agent with %s, each of which reads what those before have said', (_, with_) => {
    const one = estimateOf(with_, { ...LIMITS, maxIterations: 1 }, { message: 'hello', historyTokens: 0 });
    const three = estimateOf(with_, LIMITS, { message: 'hello', historyTokens: 0 });
    expect(three.outputTokens).toBe(300);
    expect(three.inputTokens).toBeGreaterThanOrEqual(3 * one.inputTokens + 3 * 100);
  });

  it('is less for a turn that asks for less', () => {
    const tools = agent({ tools: ['datetime'] });
    expect(estimateOf(tools, LIMITS, { message: 'a', historyTokens: 0, maxIterations: 2, maxTokens: 7 }).outputTokens).toBe(14);
  });
});
