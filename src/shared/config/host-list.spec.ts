import { describe, expect, it } from '@jest/globals';
import { parseHostList } from './host-list.js';

describe('a list of hosts', () => {
  const { hosts, fault } = parseHostList(' api.example.com, *.Example.org ,10.0.0.0/8,203.0.113.7,fd00::/8');

  it('has no fault', () => {
    expect(fault).toBeNull();
    expect(hosts.isEmpty).toBe(false);
  });

  it.each([
    ['api.example.com', true],
    ['a.api.example.com', false],
    ['example.com', false],
    ['a.example.org', true],
    ['a.b.example.org', true],
    ['example.org', false],
    ['notexample.org', false],
    ['10.1.2.3', false],
  ])('has the name %s: %s', (name, isIn) => {
    expect(hosts.hasName(name)).toBe(isIn);
  });

  it.each([
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['203.0.113.7', true],
    ['203.0.113.8', false],
    ['::ffff:10.0.0.1', true],
    ['fd12::1', true],
    ['fe80::1', false],
  ])('has the address %s: %s', (address, isIn) => {
    expect(hosts.hasAddress(address)).toBe(isIn);
  });

  it.each([[''], [' , ']])('is empty for "%s"', (text) => {
    expect(parseHostList(text)).toMatchObject({ fault: null, hosts: { isEmpty: true } });
  });

  it('takes an address in brackets', () => {
    expect(parseHostList('[::1]').hosts.hasAddress('::1')).toBe(true);
  });

  it.each([['http://a.com'], ['a.com:80'], ['10.0.0.0/33'], ['10.0.0.0/'], ['10.0.0'], ['0x7f000001'], ['*'], ['a.*.com'], ['a b'], ['-a.com'], ['a.com.'], ['a.com/8']])('cannot use %s, and says so', (entry) => {
    expect(parseHostList(`b.com,${entry}`).fault).toContain(`entry "${entry}"`);
  });
});
