import { expect, it } from '@jest/globals';
import { deprecationHeaders } from './deprecated.js';

it('a deprecated route says since when, in seconds, and what to use instead', () => {
  expect(deprecationHeaders({ since: '2026-11-21', successor: '/a/:id/b' }, { id: 'x y' })).toEqual({ deprecation: '@1795219200', link: '</a/x%20y/b>; rel="successor-version"' });
});
