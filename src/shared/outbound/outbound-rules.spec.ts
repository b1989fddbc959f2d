import { describe, expect, it } from '@jest/globals';
import { OutboundSettings } from '../config/index.js';
import { OutboundRules } from './outbound-rules.js';

const rules = (settings: Partial<OutboundSettings> = {}): OutboundRules => new OutboundRules({ ...new OutboundSettings(), ...settings });

describe('a URL that a tenant names', () => {
  it.each([['http://example.com'], ['https://example.com:8443/a?b#c'], ['https://8.8.8.8/'], ['https://[2606:4700::1111]/'], ['http://127.0.0.1.nip.io/'], ['https://münchen.example/']])('may be %s, as far as its name goes', (url) => {
    expect(rules().requireUrl(url).href).toBe(new URL(url).href);
  });

  it.each([['example.com'], ['//example.com'], [''], ['http://'], ['file:///etc/passwd'], ['ftp://example.com'], ['gopher://example.com'], ['data:text/plain,a'], ['javascript:1'], ['unix:/run/docker.sock'], ['http://user@example.com'], ['http://user:pass@example.com'], ['http://:pass@example.com'], ['http://256.1.1.1/'], ['http://exa mple.com']])('is not %s', (url) => {
    expect(() => rules().requireUrl(url)).toThrow(expect.objectContaining({ kind: 'invalid', code: 'OUTBOUND_URL_INVALID' }));
  });

  it.each([
    ['as it is', ['http://127.0.0.1/', 'http://10.0.0.1', 'http://169.254.169.254/latest/meta-data/', 'http://100.64.0.1', 'http://192.168.0.1:8080']],
    ['as a number', ['http://2130706433/', 'http://017700000001/', 'http://0x7f000001/', 'http://0/']],
    ['in octal and hexadecimal parts', ['http://0177.0.0.1/', 'http://0x7f.0.0.1/', 'http://127.1/', 'http://0x7f.1', 'http://192.168.257', 'http://0251.0376.0251.0376/']],
    ['as IPv6', ['http://[::]/', 'http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]', 'http://[0:0:0:0:0:ffff:169.254.169.254]/', 'http://[fe80::1]/', 'http://[fd00::1]', 'http://[64:ff9b::10.0.0.1]']],
    ['with a dot at its end', ['http://127.0.0.1./', 'http://localhost./']],
    ['in other letters', ['http://１２７.０.０.１/', 'http://①②⑦.⓪.⓪.①/', 'http://127。0。0。1/', 'http://LOCALHOST/', 'http://ｌocalhost/', 'http://%6c%6f%63%61%6c%68%6f%73%74/', 'http://%31%32%37.0.0.1/']],
    ['as a name of this machine', ['http://localhost/', 'http://a.localhost/', 'http://localhost:6379']],
  ])('does not lead to a private address %s', (_, urls) => {
    for (const url of urls) expect(() => rules().requireUrl(url)).toThrow(expect.objectContaining({ kind: 'forbidden', code: 'OUTBOUND_BLOCKED' }));
  });

  it('leads only to the hosts that are listed, if any are', () => {
    const some = rules({ allowedHosts: 'api.example.com,*.example.org,8.8.8.0/24' });
    for (const url of ['https://api.example.com', 'https://API.example.com.', 'http://a.example.org', 'http://8.8.8.8']) expect(() => some.requireUrl(url)).not.toThrow();
    for (const url of ['https://example.com', 'http://example.org', 'http://8.8.4.4', 'https://api.example.com.evil.net', 'http://evil.net/api.example.com']) {
      expect(() => some.requireUrl(url)).toThrow(expect.objectContaining({ kind: 'forbidden', code: 'OUTBOUND_HOST_NOT_ALLOWED' }));
    }
  });

  it('leads to private addresses that are listed, and only to those', () => {
    const some = rules({ allowedPrivate: '10.1.0.0/16,localhost' });
    for (const url of ['http://10.1.2.3', 'http://[::ffff:10.1.2.3]', 'http://localhost:3000']) expect(() => some.requireUrl(url)).not.toThrow();
    for (const url of ['http://10.2.0.1', 'http://127.0.0.1', 'http://a.localhost']) expect(() => some.requireUrl(url)).toThrow(expect.objectContaining({ code: 'OUTBOUND_BLOCKED' }));
  });

  it('may be private and has to be listed among the hosts, too, if hosts are listed', () => {
    expect(() => rules({ allowedHosts: 'api.example.com', allowedPrivate: '10.0.0.1' }).requireUrl('http://10.0.0.1')).toThrow(expect.objectContaining({ code: 'OUTBOUND_HOST_NOT_ALLOWED' }));
  });
});

describe('an address of a host', () => {
  it('may be dialled if it is public, or if it or the host is listed', () => {
    const some = rules({ allowedPrivate: '10.1.0.0/16,mcp.internal,*.corp' });
    const dialled = [['example.com', '8.8.8.8'], ['example.com', '10.1.0.1'], ['mcp.internal', '192.168.0.1'], ['mcp.internal.', '192.168.0.1'], ['a.corp', '::1']] as const;
    const refused = [['example.com', '10.2.0.1'], ['a.mcp.internal', '192.168.0.1'], ['corp', '::1'], ['example.com', 'no address']] as const;
    expect(dialled.filter(([host, address]) => !some.mayDial(host, address))).toEqual([]);
    expect(refused.filter(([host, address]) => some.mayDial(host, address))).toEqual([]);
  });
});
