import { describe, expect, it } from '@jest/globals';
import { slugOf } from './slug.js';

describe('a slug', () => {
  it.each([
    ['Support Agent', 'support-agent'],
    ['  --Sales & Service (2)!  ', 'sales-service-2'],
    ['already-a-slug', 'already-a-slug'],
    ['ﬁne ２', 'fine-2'],
    ['CAFÉ', 'cafe'],
    ['Über uns', 'uber-uns'],
    ['Málaga', 'malaga'],
  ])('of "%s" is "%s"', (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  it.each(['', '   ', '日本', '!!!'])('of "%s", of which nothing is left, is "agent"', (name) => {
    expect(slugOf(name)).toBe('agent');
  });

  it('has at most 64 characters and does not end in a hyphen', () => {
    expect(slugOf('a'.repeat(100))).toBe('a'.repeat(64));
    expect(slugOf(`${'a'.repeat(63)} b`)).toBe('a'.repeat(63));
  });
});
