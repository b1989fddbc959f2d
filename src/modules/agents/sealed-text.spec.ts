import { describe, expect, it } from '@jest/globals';
import { seal, sealingKey, unseal } from './sealed-text.js';

const KEY = sealingKey('k'.repeat(32));

describe('a sealed text', () => {
  it.each(['', 'Bearer abc', 'größer 日本'])('of "%s" is read again, and does not show it', (text) => {
    const sealed = seal(text, KEY, 'acme');
    expect(sealed).toMatch(/^sealed1\.[\w-]+$/);
    expect(unseal(sealed, KEY, 'acme')).toBe(text);
  });

  it('is another one each time', () => {
    expect(seal('x', KEY, 'acme')).not.toBe(seal('x', KEY, 'acme'));
  });

  it.each([
    ['with another key', (sealed: string) => unseal(sealed, sealingKey('l'.repeat(32)), 'acme')],
    ['with another binding', (sealed: string) => unseal(sealed, KEY, 'other')],
    ['when a letter of it was changed', (sealed: string) => unseal(sealed.slice(0, -3) + (sealed.at(-3) === 'A' ? 'B' : 'A') + sealed.slice(-2), KEY, 'acme')],
    ['when it was cut', (sealed: string) => unseal(sealed.slice(0, 20), KEY, 'acme')],
    ['when it is none', () => unseal('Bearer abc', KEY, 'acme')],
  ])('is not read %s', (_, read) => {
    expect(read(seal('secret', KEY, 'acme'))).toBeUndefined();
  });
});
