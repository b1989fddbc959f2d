import { describe, expect, it } from '@jest/globals';
import { type Hop, locationOf, nextHop } from './redirect.js';

const body = new TextEncoder().encode('{}').buffer;
const hop = (method: string): Hop => ({ url: new URL('https://a.example/x/y'), method, headers: new Headers({ authorization: 'Bearer s', 'x-api-key': 's', 'content-type': 'application/json', accept: 'text/plain' }), body: method === 'GET' ? undefined : body });

describe('a redirect', () => {
  it.each([[301], [302], [303], [307], [308]])('of %i leads on, if it says where', (status) => {
    expect(locationOf({ status, headers: new Headers({ location: '/z' }) })).toBe('/z');
    expect(locationOf({ status, headers: new Headers() })).toBeUndefined();
  });

  it.each([[200], [201], [300], [304], [305], [404]])('is not %i', (status) => {
    expect(locationOf({ status, headers: new Headers({ location: '/z' }) })).toBeUndefined();
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'DELETE', 'DELETE'],
  ])('of %i makes of %s %s', (status, method, next) => {
    const followed = nextHop(hop(method), status, '../z');
    expect([followed.url.href, followed.method]).toEqual(['https://a.example/z', next]);
    expect(followed.body).toBe(next === 'GET' ? undefined : body);
  });

  it('takes every header along on the same origin, but that of a body that is gone', () => {
    expect(Object.fromEntries(nextHop(hop('POST'), 303, '/z').headers)).toEqual({ authorization: 'Bearer s', 'x-api-key': 's', accept: 'text/plain' });
  });

  it.each([['https://b.example/'], ['http://a.example/'], ['https://a.example:8443/'], ['//b.example/']])('takes no secret along to %s', (location) => {
    expect(Object.fromEntries(nextHop(hop('POST'), 307, location).headers)).toEqual({ accept: 'text/plain', 'content-type': 'application/json' });
  });

  it('to what is no URL is refused', () => {
    expect(() => nextHop(hop('GET'), 302, 'http://')).toThrow(expect.objectContaining({ code: 'OUTBOUND_URL_INVALID' }));
  });
});
