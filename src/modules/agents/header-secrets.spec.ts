import { describe, expect, it } from '@jest/globals';
import { ServerSettings } from '../../shared/config/index.js';
import { HeaderSecrets, MASK, masked } from './header-secrets.service.js';

const secretsWith = (secretsKey: string): HeaderSecrets => new HeaderSecrets(Object.assign(new ServerSettings(), { secretsKey }));
const secrets = secretsWith('k'.repeat(32));
const SERVER = { name: 'shop', url: 'https://mcp.example/', headers: { Authorization: 'Bearer abc' } };
const refused = (code: string): unknown => expect.objectContaining({ kind: 'invalid', code });

describe('the headers of an MCP server', () => {
  const [kept] = secrets.sealed('acme', [SERVER], []);

  it('are kept sealed, shown masked, and opened for a connection', () => {
    expect(JSON.stringify(kept)).not.toContain('abc');
    expect(masked([kept!])).toEqual([{ ...SERVER, headers: { Authorization: MASK }, tools: null }]);
    expect(secrets.opened('acme', kept!)).toEqual({ Authorization: 'Bearer abc' });
  });

  it.each([
    ['by another tenant', 'evil', {}],
    ['for another URL', 'acme', { url: 'https://evil.example/' }],
    ['as another header', 'acme', { headers: { 'X-Other': kept!.headers['Authorization']! } }],
  ])('are not opened %s', (_, tenantId, change) => {
    expect(() => secrets.opened(tenantId, { ...kept!, ...change })).toThrow(refused('HEADER_SECRET_UNREADABLE'));
  });

  it('are not opened with another key, or without one', () => {
    for (const other of ['l'.repeat(32), '']) expect(() => secretsWith(other).opened('acme', kept!)).toThrow(refused('HEADER_SECRET_UNREADABLE'));
  });

  it('stay when their mask is sent back for the same name and URL', () => {
    const [again] = secrets.sealed('acme', [{ ...SERVER, headers: { Authorization: MASK }, tools: ['find'] }], [kept!]);
    expect(again).toEqual({ ...kept, tools: ['find'] });
  });

  it.each([
    ['another URL', { url: 'https://evil.example/' }],
    ['another name', { name: 'other' }],
    ['another header', { headers: { 'X-Other': MASK } }],
    ['a header of every object', { headers: { constructor: MASK } }],
  ])('do not follow their mask to %s', (_, change) => {
    expect(() => secrets.sealed('acme', [{ ...SERVER, headers: { Authorization: MASK }, ...change }], [kept!])).toThrow(refused('HEADER_SECRET_UNKNOWN'));
  });

  it('are refused without a key, and only they', () => {
    expect(() => secretsWith('').sealed('acme', [SERVER], [])).toThrow(refused('SECRETS_KEY_MISSING'));
    expect(secretsWith('').sealed('acme', [{ name: 'shop', url: SERVER.url }], [])).toEqual([{ name: 'shop', url: SERVER.url, headers: {}, tools: null }]);
  });

  it('belong to servers of different names', () => {
    expect(() => secrets.sealed('acme', [SERVER, { ...SERVER, name: 'SHOP' }], [])).toThrow(refused('MCP_SERVER_TWICE'));
  });
});
