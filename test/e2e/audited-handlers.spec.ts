import { RequestMethod, Controller, Delete, Get, Post, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer, Reflector } from '@nestjs/core';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDITED, type AuditedRule } from '../../src/modules/tenancy/audit/audited.js';
import { Audited, RequiresScope } from '../../src/modules/tenancy/index.js';
import { REQUIRED_SCOPE } from '../../src/modules/tenancy/requires-scope.js';
import { NOTHING_BY_ITSELF } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

/** What reads give away as a whole: their path ends so. */
const EXPORT = /(^|\/)export$/;

interface Handler {
  readonly name: string;
  readonly isReading: boolean;
  readonly path: string;
  readonly scope: string | undefined;
  readonly rule: AuditedRule | undefined;
}

function handlersOf(controller: Type): Handler[] {
  const reflector = new Reflector();
  const prototype = controller.prototype as Record<string, (() => unknown) | undefined>;
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    if (!handler || Reflect.getMetadata(PATH_METADATA, handler) === undefined) return [];
    const path = [Reflect.getMetadata(PATH_METADATA, controller), Reflect.getMetadata(PATH_METADATA, handler)].flat().join('/');
    const isReading = Reflect.getMetadata(METHOD_METADATA, handler) === RequestMethod.GET;
    return [{ name: `${controller.name}.${name}`, isReading, path, scope: reflector.getAllAndOverride<string | undefined>(REQUIRED_SCOPE, [handler, controller]), rule: reflector.get<AuditedRule | undefined>(AUDITED, handler) }];
  });
}

/** Handlers for operators and administrators that change something, or give personal data away, without a trace. */
const untraced = (handlers: readonly Handler[]): string[] =>
  handlers.filter(({ isReading, path, scope, rule }) => (scope === 'operator' || scope === 'admin') && (!isReading || EXPORT.test(path)) && rule === undefined).map(({ name }) => name);

describe('the handlers for operators and administrators', () => {
  let nooble: TestApp;
  let handlers: Handler[];
  beforeAll(async () => {
    nooble = await startTestApp(NOTHING_BY_ITSELF);
    const controllers = [...nooble.app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()].map(({ metatype }) => metatype as Type));
    handlers = controllers.flatMap(handlersOf);
  });
  afterAll(() => nooble.close());

  it('are all audited, if they change something or export', () => {
    expect(handlers.length).toBeGreaterThan(40);
    expect(handlers.filter(({ scope }) => scope === 'admin').length).toBeGreaterThan(5);
    expect(untraced(handlers)).toEqual([]);
  });

  it('have one name for each action', () => {
    const names = handlers.flatMap(({ rule }) => rule?.action ?? []);
    expect(names.filter((name) => !/^[a-z_]+(\.[a-z_]+)+$/.test(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  });
});

it('a handler that is not audited is found', () => {
  @RequiresScope('operator')
  @Controller('things')
  class PlantedController {
    @Get() read(): void {}
    @Get(':id/export') give(): void {}
    @Post() change(): void {}
    @Audited('thing.remove') @Delete() remove(): void {}
    @RequiresScope('user') @Post('mine') own(): void {}
    @RequiresScope('admin') @Delete('all') all(): void {}
  }
  expect(untraced(handlersOf(PlantedController))).toEqual(['PlantedController.give', 'PlantedController.change', 'PlantedController.all']);
});
