import { describe, expect, it } from '@jest/globals';
import { parseAddressList, parseOriginList } from './index.js';

describe('a list of origins', () => {
  it('has what browsers send, in lower case', () => {
    expect(parseOriginList(' https://App.example.com , http://localhost:5173,')).toEqual({ entries: ['https://app.example.com', 'http://localhost:5173'], fault: null });
    expect(parseOriginList('')).toEqual({ entries: [], fault: null });
  });

  it.each(['*', 'null', 'app.example.com', 'https://app.example.com/', 'https://app.example.com/x', 'https://a.example.com:443', 'ftp://a.example.com', 'https://u@a.example.com', 'https://*.example.com:x'])('refuses %s by name', (entry) => {
    expect(parseOriginList(`https://ok.example.com,${entry}`).fault).toContain(`entry "${entry}" must be an origin`);
  });
});

describe('a list of addresses', () => {
  it('has addresses and networks of both families', () => {
    expect(parseAddressList('10.0.0.5, 10.1.0.0/16, ::1, fd00::/8')).toEqual({ entries: ['10.0.0.5', '10.1.0.0/16', '::1', 'fd00::/8'], fault: null });
  });

  it.each(['true', 'proxy.example.com', '10.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/8/8', '*'])('refuses %s by name', (entry) => {
    expect(parseAddressList(entry).fault).toContain(`entry "${entry}" must be an address`);
  });
});
