import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { RequestMethod } from '@nestjs/common';
import type { TestApp } from './test-app.js';

type Handler = () => unknown;
type Provider = ReturnType<DiscoveryService['getProviders']>[number];

const reflector = new Reflector();
const scanner = new MetadataScanner();

/** Every HTTP route and socket message with the scope that its handler declares: `GET /path scope`, `ws message scope`; `undeclared` for one that declares none. */
export function declaredScopes({ app }: TestApp): string[] {
  const discovery = app.get(DiscoveryService, { strict: false });
  const routes = discovery.getControllers().flatMap((controller) => handlersOf(controller).flatMap((handler) => routesOf(controller, handler)));
  const messages = discovery.getProviders().flatMap((provider) => handlersOf(provider).flatMap((handler) => messagesOf(provider, handler)));
  return [...routes, ...messages].sort();
}

function handlersOf({ instance }: Provider): Handler[] {
  if (typeof instance !== 'object' || instance === null) return [];
  const prototype = Object.getPrototypeOf(instance) as Record<string, Handler>;
  return scanner.getAllMethodNames(prototype).flatMap((name) => prototype[name] ?? []);
}

function routesOf({ metatype }: Provider, handler: Handler): string[] {
  const path = Reflect.getMetadata('path', handler) as string | undefined;
  if (path === undefined) return [];
  const method = RequestMethod[Reflect.getMetadata('method', handler) as number] ?? '';
  const bases = [Reflect.getMetadata('path', metatype as Handler) as string | string[]].flat();
  return bases.map((base) => `${method} /${[base, path].filter((part) => part !== '/').join('/')} ${scopeOf(metatype as Handler, handler)}`);
}

function messagesOf({ metatype }: Provider, handler: Handler): string[] {
  const message = Reflect.getMetadata('message', handler) as string | undefined;
  return message === undefined ? [] : [`ws ${message} ${scopeOf(metatype as Handler, handler)}`];
}

function scopeOf(metatype: Handler, handler: Handler): string {
  const said = <T>(key: string): T | undefined => reflector.getAllAndOverride<T | undefined>(key, [handler, metatype]);
  return said<boolean>('nooble:public') === true ? 'public' : (said<string>('nooble:requires-scope') ?? 'undeclared');
}
