import { describe, expect, it } from '@jest/globals';
import { ModelSettings } from '../../shared/config/index.js';
import type { Agent, AgentDefinition } from './agent.js';
import { definitionOf, edited, isEmpty, restored } from './agent-definition.js';

const settings = (openaiBaseUrl: string): ModelSettings => Object.assign(new ModelSettings(), { openaiBaseUrl, defaultModel: 'builtin/chat' });
const OFFLINE = settings('');
const ONLINE = settings('http://127.0.0.1:9');

const definition = (overrides: Partial<AgentDefinition> = {}): AgentDefinition => ({
  ...{ name: 'Guide', slug: 'guide', description: null, type: 'conversational', systemPrompt: '', background: null, provider: 'openai-compatible', model: 'gpt-x', fallbackModel: null, temperature: 0 },
  ...{ maxTokens: 1, tools: [], mcpServers: [], collections: [], maxIterations: 1, maxHistoryMessages: 1, onConflict: 'enqueue', memo: null, isPublic: false, isActive: true, minimumTier: 'free', tags: [] },
  ...overrides,
});
const agent = (overrides: Partial<AgentDefinition> = {}): Agent => ({ tenantId: 'acme', agentId: 'a', version: 3, ...definition(overrides), createdAt: new Date(0), updatedAt: new Date(0) });
const refused = (code: string): unknown => expect.objectContaining({ kind: 'invalid', code });

describe('an edit', () => {
  it('is empty when every field is left out, and is not when one is null, false, 0 or ""', () => {
    expect([{}, { name: undefined }].map(isEmpty)).toEqual([true, true]);
    expect([{ description: null }, { isActive: false }, { temperature: 0 }, { systemPrompt: '' }].map(isEmpty)).toEqual([false, false, false, false]);
  });

  it('gives a definition and nothing of the agent besides', () => {
    expect(edited(agent(), { name: 'Scout', slug: undefined }, ONLINE)).toEqual(definition({ name: 'Scout' }));
    expect(definitionOf(agent())).toEqual(definition());
  });

  it('needs no model server as long as the model stays, named or not', () => {
    for (const edit of [{ name: 'Scout' }, { model: 'gpt-x' }, { provider: 'openai-compatible' }] as const) expect(edited(agent(), edit, OFFLINE)).toMatchObject({ provider: 'openai-compatible', model: 'gpt-x' });
  });

  it('is refused when it takes away what memo.tools names, but not for what was named in vain before it', () => {
    const keeping = agent({ tools: ['datetime'], memo: { answers: null, tools: [{ name: 'datetime', ttlSeconds: 1 }, { name: 'maps_find', ttlSeconds: 1 }] }, mcpServers: [{ name: 'maps', url: 'https://maps.test', headers: {}, tools: null }] });
    for (const edit of [{ tools: [] }, { mcpServers: [] }]) expect(() => edited(keeping, edit, ONLINE)).toThrow(refused('MEMO_TOOL_UNKNOWN'));
    for (const edit of [{ tools: [], mcpServers: [], memo: null }, { tools: ['calculator', 'datetime'] }]) expect(edited(keeping, edit, ONLINE)).toMatchObject(edit);
    expect(edited(agent({ ...keeping, tools: [] }), { name: 'Scout' }, ONLINE).tools).toEqual([]);
  });

  it('to a model that nobody serves is refused', () => {
    expect(() => edited(agent(), { model: 'gpt-y' }, OFFLINE)).toThrow(refused('MODEL_PROVIDER_NOT_CONFIGURED'));
    expect(() => edited(agent(), { model: 'builtin/y' }, OFFLINE)).toThrow(refused('MODEL_UNKNOWN'));
  });
});

describe('an earlier definition', () => {
  it('comes back whole, but for the switch', () => {
    const earlier = definition({ name: 'Scout', tags: ['x'], isActive: true });
    expect(restored(agent({ isActive: false }), earlier, ONLINE)).toEqual({ ...earlier, isActive: false });
  });

  it('leaves a field alone that there was not yet', () => {
    const { tags: _, ...older } = definition({ name: 'Scout' });
    expect(restored(agent({ tags: ['now'] }), older as AgentDefinition, ONLINE)).toEqual(definition({ name: 'Scout', tags: ['now'] }));
  });

  it('is refused when what it needs is not there any more', () => {
    expect(() => restored(agent({ provider: 'builtin', model: 'builtin/chat' }), definition(), OFFLINE)).toThrow(refused('MODEL_PROVIDER_NOT_CONFIGURED'));
    expect(() => restored(agent(), definition({ type: 'rag' }), ONLINE)).toThrow(refused('AGENT_TYPE_UNSUPPORTED'));
  });
});
