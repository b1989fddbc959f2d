import { describe, expect, it } from '@jest/globals';
import { isPublicAddress } from './public-address.js';

describe('an address', () => {
  it.each([
    ['this machine', ['127.0.0.1', '127.255.255.254', '::1', '0.0.0.0', '0.1.2.3', '::']],
    ['a private network', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1', 'fec0::1']],
    ['a link', ['169.254.1.1', 'fe80::1', 'fe80::1%eth0']],
    ['a metadata service', ['169.254.169.254', '169.254.170.2', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16']],
    ['a network behind a carrier', ['100.64.0.1', '100.127.255.255']],
    ['a group', ['224.0.0.1', '239.255.255.250', '255.255.255.255', 'ff02::1', 'ff0e::1']],
    ['documents and measurements', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1']],
    ['nobody yet', ['240.0.0.1', '4000::1', '8000::1', '100::1']],
    ['IPv4 inside IPv6', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::127.0.0.1', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::808:808', '2002:7f00:1::', '2001:0:7f00:1::']],
    ['no whole address', ['', 'localhost', '2130706433', '0x7f000001', '127.1', '0177.0.0.1', '8.8.8', '[::1]', '8.8.8.8:80', '8.8.8.8/32']],
  ])('of %s is not public', (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it.each([['8.8.8.8'], ['1.1.1.1'], ['172.32.0.1'], ['100.128.0.1'], ['169.253.255.255'], ['2606:4700::1111'], ['2a00:1450:4001::1'], ['::ffff:8.8.8.8'], ['64:ff9b::808:808']])('such as %s is', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});
