import { describe, expect, it } from '@jest/globals';
import { KnownRoutes } from './known-routes.js';

describe('the routes that there are', () => {
  const routes = new KnownRoutes();
  routes.add('/', ['GET']);
  routes.add('/agents', ['POST']);
  routes.add('/agents', ['GET', 'HEAD']);
  routes.add('/agents/:agentId', ['PATCH']);
  routes.add('/agents/mine', ['GET']);
  routes.add('/docs/*', ['GET']);
  routes.add('/docs.json', ['GET']);

  it.each([
    ['/', ['GET']],
    ['/agents', ['GET', 'HEAD', 'POST']],
    ['/agents/7', ['PATCH']],
    ['/agents/mine', ['GET', 'PATCH']],
    ['/docs/a/b.css', ['GET']],
    ['/docs.json', ['GET']],
  ])('%s has %j', (path, methods) => {
    expect(routes.methodsOf(path)).toEqual(methods);
  });

  it.each(['', '/agents/', '/agents/7/8', '/agent', '/docsxjson', '/docs'])('"%s" is none', (path) => {
    expect(routes.methodsOf(path)).toEqual([]);
  });
});
