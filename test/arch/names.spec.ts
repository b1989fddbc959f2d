import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REPOSITORY } from './planted-tree.js';

const CLASS_ROLES = ['module', 'controller', 'gateway', 'service', 'repository', 'entity', 'store', 'handler', 'guard', 'interceptor', 'pipe', 'filter'];
/** Several to a file: a DTO brings its parts, an errors file its functions, a model file its adapters. */
const OTHER_ROLES = ['dto', 'errors', 'model'];
const ROLES = [...CLASS_ROLES, ...OTHER_ROLES].join('|');
const FILE_NAME = new RegExp(`^[a-z0-9]+(-[a-z0-9]+)*([.](${ROLES}))?([.]spec)?[.]ts$`);
const ROLE_FILE = new RegExp(`^(.+)[.](${CLASS_ROLES.join('|')})[.]ts$`);
const FORBIDDEN_WORDS = new Set(['util', 'utils', 'helper', 'helpers', 'manager', 'managers', 'common', 'types', 'impl']);
const FACE = /^src\/modules\/[^/]+\/index[.]ts$/;

/** Prose says `export *` and forwardRef too; a fault is only what runs. */
const withoutComments = (source: string): string => source.replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '');

function nameFaults(path: string): string[] {
  const faults = FILE_NAME.test(basename(path)) ? [] : ['not stem + role'];
  const words = path.replaceAll('memory-manager', '').split(/[/.-]/);
  return [...faults, ...words.filter((word) => FORBIDDEN_WORDS.has(word)).map((word) => `says nothing: ${word}`)];
}

function classFaults(path: string, source: string): string[] {
  const code = withoutComments(source);
  const exported = [...code.matchAll(/^export (?:abstract )?class (\w+)/gm)].map((match) => match[1]!);
  if (path.endsWith('.dto.ts')) return exported.filter((name) => !name.endsWith('Dto')).map((name) => `not a Dto: ${name}`);
  const [, stem, role] = ROLE_FILE.exec(basename(path)) ?? [];
  if (stem === undefined || role === undefined) return [];
  const [expected, bare] = [`${stem}${role}`.replaceAll('-', ''), stem.replaceAll('-', '')];
  // A dynamic module is a constant; a service may be called by its stem alone, as Transactions is.
  const named = exported.length > 0 ? exported : [...code.matchAll(/^export const (\w+Module)\b/gm)].map((match) => match[1]!);
  const fits = (name: string): boolean => name === expected || (role === 'service' && name === bare);
  return named.length === 1 && fits(named[0]!.toLowerCase()) ? [] : [`exports [${named.join(', ')}], not one ${expected}`];
}

function sourceFaults(path: string, source: string): string[] {
  if (!path.startsWith('src/')) return [];
  const code = withoutComments(source);
  const faults = /\bforwardRef\b/.test(code) ? ['forwardRef'] : [];
  if (basename(path) === 'index.ts' && /export\s+(type\s+)?\*/.test(code)) faults.push('export *');
  if (!FACE.test(path)) return faults;
  // Through whatever file it comes: the import rule sees only direct re-exports.
  const shown = [...code.matchAll(/\b\w+(?:Entity|Repository|Dto)\b/g)].map((match) => `shows ${match[0]}`);
  return [...faults, ...shown];
}

const faultsOf = (path: string, source: string): string[] => [...nameFaults(path), ...classFaults(path, source), ...sourceFaults(path, source)];

const moduleFolders = (paths: readonly string[]): string[] => [...new Set(paths.flatMap((path) => /^src\/modules\/[^/]+(?=\/)/.exec(path) ?? []))];
const faceless = (paths: readonly string[]): string[] => moduleFolders(paths).filter((folder) => !paths.includes(`${folder}/index.ts`));

describe('the names of the tree', () => {
  it('has stem and role in every file name, the class of that name in it, and faces that name what they give', () => {
    const paths = globSync('{src,test}/**/*.ts', { cwd: REPOSITORY });
    const found = paths.map((path) => [path, faultsOf(path, readFileSync(join(REPOSITORY, path), 'utf8'))] as const);
    expect(paths).toContain('test/arch/names.spec.ts');
    expect(found.filter(([, faults]) => faults.length > 0)).toEqual([]);
  });

  it('has a face for every module', () => {
    expect(faceless(globSync('src/**/*.ts', { cwd: REPOSITORY }))).toEqual([]);
    expect(faceless(['src/modules/a/index.ts', 'src/modules/b/b.module.ts'])).toEqual(['src/modules/b']);
  });
});

describe('what counts as a fault', () => {
  it.each([
    ['src/modules/a/MoveThing.ts', '', 'not stem + role'],
    ['src/modules/a/move.worker.ts', '', 'not stem + role'],
    ['src/modules/a/move_thing.ts', '', 'not stem + role'],
    ['src/modules/a/string-util.ts', '', 'says nothing: util'],
    ['src/modules/a/helpers/x.ts', '', 'says nothing: helpers'],
    ['src/modules/a/queue-manager.ts', '', 'says nothing: manager'],
    ['src/common/x.ts', '', 'says nothing: common'],
    ['src/modules/a/types.ts', '', 'says nothing: types'],
    ['test/support/cache-impl.ts', '', 'says nothing: impl'],
    ['src/modules/a/a.service.ts', 'export class B {}', 'exports [B], not one aservice'],
    ['src/modules/a/a.service.ts', 'export class AService {}\nexport class B {}', 'exports [AService, B], not one aservice'],
    ['src/modules/a/a.guard.ts', '// export class AGuard', 'exports [], not one aguard'],
    ['src/modules/a/a.dto.ts', 'export class CreateDto {}\nexport class Other {}', 'not a Dto: Other'],
    ['src/modules/a/a.ts', '@Inject(forwardRef(() => B))', 'forwardRef'],
    ['src/modules/a/index.ts', "export * from './a.service.js';", 'export *'],
    ['src/modules/a/index.ts', "export type * from './a.js';", 'export *'],
    ['src/shared/redis/index.ts', "export * as keys from './keys.js';", 'export *'],
    ['src/modules/a/index.ts', "export { AgentEntity } from './a.js';", 'shows AgentEntity'],
    ['src/modules/a/index.ts', "export type { AgentRepository } from './a.js';", 'shows AgentRepository'],
    ['src/modules/a/index.ts', "export { CreateAgentDto as Input } from './a.js';", 'shows CreateAgentDto'],
  ])('%s, `%s`: %s', (path, source, fault) => {
    expect(faultsOf(path, source)).toEqual([fault]);
  });

  it.each([
    ['src/main.ts', ''],
    ['src/migrate-schema.ts', ''],
    ['src/app.module.ts', 'export class AppModule {}'],
    ['src/shared/telemetry/logging.module.ts', 'export const LoggingModule = LoggerModule.forRoot();'],
    ['src/shared/database/transactions.service.ts', 'export class Transactions {}'],
    ['src/modules/a/move-thing.handler.ts', "// forwardRef('export *')\nexport class MoveThingHandler {}"],
    ['src/modules/a/api-key.guard.ts', 'export abstract class APIKeyGuard {}'],
    ['src/modules/a/memory-manager.ts', 'export class MemoryManager {}'],
    ['src/modules/a/memory-window.spec.ts', ''],
    ['src/modules/a/a.errors.ts', 'export const lost = 1;'],
    ['src/modules/a/create-a.dto.ts', 'export class CreateADto {}\nexport class PartDto {}'],
    ['src/modules/a/index.ts', "/** Never export *. */\nexport { AService } from './a.service.js';"],
  ])('%s, `%s`: none', (path, source) => {
    expect(faultsOf(path, source)).toEqual([]);
  });
});
