import { describe, expect, it } from '@jest/globals';
import { MemorySettings, ModelSettings } from '../../../shared/config/index.js';
import { TokenCounter } from '../../conversations/index.js';
import { ModelProviders } from './model-providers.js';

const providers = (settings: Partial<ModelSettings> = {}): ModelProviders => new ModelProviders(Object.assign(new ModelSettings(), settings), new TokenCounter(new MemorySettings()));
const withEndpoint = (): ModelProviders => providers({ openaiBaseUrl: 'http://127.0.0.1:1/v1' });

describe('the model providers', () => {
  it('have the builtin model without any setting, one instance for good', () => {
    const models = providers();
    expect(models.resolve('builtin', 'builtin/chat')).toBe(models.resolve('builtin', 'builtin/chat'));
  });

  it('have any model of a configured endpoint, the same instance for the same name', () => {
    const models = withEndpoint();
    const one = models.resolve('openai-compatible', 'gpt-x');
    expect(models.resolve('openai-compatible', 'gpt-x')).toBe(one);
    expect(models.resolve('openai-compatible', 'gpt-y')).not.toBe(one);
    expect(one).toMatchObject({ modelId: 'gpt-x' });
  });

  it('never mix up provider and model in what they remember', () => {
    const models = withEndpoint();
    expect(models.resolve('openai-compatible', 'builtin/chat')).not.toBe(models.resolve('builtin', 'builtin/chat'));
  });

  it('forget the oldest of more than 256, and make it again', () => {
    const models = withEndpoint();
    const first = models.resolve('openai-compatible', 'm0');
    for (let i = 1; i < 256; i++) models.resolve('openai-compatible', `m${String(i)}`);
    expect(models.resolve('openai-compatible', 'm0')).toBe(first);
    models.resolve('openai-compatible', 'm256');
    expect(models.resolve('openai-compatible', 'm0')).not.toBe(first);
  });

  it.each([
    { what: 'an unknown provider', provider: 'cohere', model: 'x', code: 'MODEL_PROVIDER_UNKNOWN', field: 'provider' },
    { what: 'a provider called __proto__', provider: '__proto__', model: 'x', code: 'MODEL_PROVIDER_UNKNOWN', field: 'provider' },
    { what: 'an unknown builtin model', provider: 'builtin', model: 'gpt-4', code: 'MODEL_UNKNOWN', field: 'model' },
    { what: 'no model', provider: 'openai-compatible', model: '', code: 'MODEL_MISSING', field: 'model' },
  ])('refuse $what by its field', ({ provider, model, code, field }) => {
    expect(() => withEndpoint().resolve(provider, model)).toThrow(expect.objectContaining({ kind: 'invalid', code, details: expect.objectContaining({ field }) }));
  });

  it('say which setting is missing for an endpoint that is not configured', () => {
    expect(() => providers().resolve('openai-compatible', 'gpt-x')).toThrow(expect.objectContaining({ code: 'MODEL_PROVIDER_NOT_CONFIGURED', message: expect.stringContaining('OPENAI_BASE_URL') }));
  });
});
