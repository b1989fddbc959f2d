import { describe, expect, it } from '@jest/globals';
import { upgradeRefusal } from './upgrade-refusal.js';

const RULES = { paths: ['/ws'], allowedOrigins: ['https://app.example.com'], urlLimitCharacters: 512 };
const codeOf = (url: string, headers: Record<string, string> = {}): string | undefined => upgradeRefusal({ url, headers }, RULES)?.code;

describe('the handshake of a socket', () => {
  it.each([
    ['a program, which sends no origin', {}],
    ['a page that is allowed', { origin: 'https://app.example.com', host: 'api.example.com' }],
    ['a page of the server itself, through a proxy that ends TLS', { origin: 'https://api.example.com', host: 'api.example.com' }],
    ['a page of the server itself, on its port', { origin: 'http://127.0.0.1:3000', host: '127.0.0.1:3000' }],
  ])('goes on for %s', (_, headers) => {
    expect(codeOf('/ws?sessionId=a', headers)).toBeUndefined();
  });

  it.each([
    ['another page', { origin: 'https://evil.example', host: 'api.example.com' }],
    ['an allowed name on another port', { origin: 'https://app.example.com:8443', host: 'api.example.com' }],
    ['an allowed name without TLS', { origin: 'http://app.example.com', host: 'api.example.com' }],
    ['a page without an origin', { origin: 'null', host: 'api.example.com' }],
    ['a name that ends like an allowed one', { origin: 'https://evilapp.example.com', host: 'api.example.com' }],
  ])('is refused to %s', (_, headers) => {
    expect(codeOf('/ws', headers)).toBe('ORIGIN_NOT_ALLOWED');
  });

  it.each(['/ws/ws', '/', '/wss', '/ws/', '//ws'])('is refused at %s, where no socket is', (path) => {
    expect(codeOf(path)).toBe('SOCKET_NOT_FOUND');
  });

  it('is refused with an endless query', () => {
    expect(codeOf(`/ws?sessionId=${'a'.repeat(600)}`)).toBe('URL_TOO_LONG');
  });
});
