const SENTENCE = 'You are a helpful assistant of a shop; answer in short, friendly sentences and never guess prices. ';

/** What is cached: an agent's configuration of about 2.6 KB as JSON, a new object each time. */
export function makeValue() {
  return {
    name: 'Bench', type: 'conversational', provider: 'builtin', model: 'builtin/chat', temperature: 0.2, maxTokens: 1_024, isActive: true,
    systemPrompt: SENTENCE.repeat(16),
    tools: Array.from({ length: 8 }, (_, i) => ({ name: `tool_${i}`, isEnabled: i % 2 === 0, timeoutMs: 5_000 + i, description: 'Looks something up in a list.' })),
    limits: { perMinute: 60, perDay: 10_000, windowMessages: 50 },
  };
}

export const TTL_MS = 3_600_000;
