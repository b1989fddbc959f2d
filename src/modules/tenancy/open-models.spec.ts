import { describe, expect, it } from '@jest/globals';
import { TIERS } from '../../contracts/index.js';
import { allowsModel, requireModel } from './open-models.js';
import { TIER_LIMITS } from './tiers.js';

describe('models that are open to a tenant', () => {
  it('are named by themselves, or by how they begin', () => {
    const models = ['builtin/chat', 'llama3-8b-8192', 'llama3-70b-8192', 'gpt-4o'];
    expect(TIERS.map((tier) => models.map((model) => allowsModel(TIER_LIMITS[tier], model)))).toEqual([[true, true, false, false], [true, true, true, false], [true, true, true, true], [true, true, true, true]]);
  });

  it('are those of its limits, and what is open without them; another one is refused, and told which there are, each once', () => {
    const limits = { models: ['small', 'own'] };
    for (const model of ['small', 'own']) expect(() => { requireModel(model, limits, ['own']); }).not.toThrow();
    expect(() => { requireModel('large', { models: null }, []); }).not.toThrow();
    expect(() => { requireModel('large', limits, ['own']); }).toThrow(
      expect.objectContaining({ kind: 'forbidden', code: 'MODEL_NOT_IN_TIER', message: expect.stringContaining('"large", only own, small; name one of these'), details: { field: 'model', limit: 'models', model: 'large' } }),
    );
  });
});
