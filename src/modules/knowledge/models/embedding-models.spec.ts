import { describe, expect, it } from '@jest/globals';
import { ModelSettings } from '../../../shared/config/index.js';
import { EmbeddingModels, type WantedModel } from './embedding-models.js';

const OFFLINE = {};
const ONLINE = { openaiBaseUrl: 'https://user:pw@models.example/v1/?api-key=x', defaultEmbeddingModel: 'tiny' };
const resolved = (settings: Partial<ModelSettings>, wanted: WantedModel = {}): string => {
  const { provider, name, endpoint } = new EmbeddingModels(Object.assign(new ModelSettings(), settings)).resolve(wanted);
  return `${provider} ${name} ${endpoint}`;
};

describe('the embedding models', () => {
  it.each<[Partial<ModelSettings>, WantedModel, string]>([
    [OFFLINE, {}, 'builtin builtin/embedding '],
    [OFFLINE, { provider: 'builtin' }, 'builtin builtin/embedding '],
    [ONLINE, {}, 'openai-compatible tiny https://models.example/v1'],
    [ONLINE, { provider: 'builtin' }, 'builtin builtin/embedding '],
    [ONLINE, { model: 'builtin/embedding' }, 'builtin builtin/embedding '],
    [ONLINE, { model: 'large' }, 'openai-compatible large https://models.example/v1'],
    [ONLINE, { model: 'builtin/embedding', provider: 'openai-compatible' }, 'openai-compatible builtin/embedding https://models.example/v1'],
  ])('with %j and %j are %s, without credentials', (settings, wanted, expected) => {
    expect(resolved(settings, wanted)).toBe(expected);
  });

  it.each<[Partial<ModelSettings>, WantedModel, string, string]>([
    [OFFLINE, { model: 'builtin/chat' }, 'MODEL_UNKNOWN', 'model'],
    [OFFLINE, { model: 'tiny' }, 'MODEL_PROVIDER_NOT_CONFIGURED', 'provider'],
    [{ ...ONLINE, defaultEmbeddingModel: 'builtin/embedding' }, { provider: 'openai-compatible' }, 'MODEL_MISSING', 'model'],
  ])('with %j and %j are refused by %s', (settings, wanted, code, field) => {
    expect(() => resolved(settings, wanted)).toThrow(expect.objectContaining({ kind: 'invalid', code, details: expect.objectContaining({ field }) }));
  });
});
