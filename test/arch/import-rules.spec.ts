import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { plantTree, removeTree, REPOSITORY, runTool, type Files } from './planted-tree.js';

const CONFIG = join(REPOSITORY, '.dependency-cruiser.cjs');
const declared = (createRequire(import.meta.url)(CONFIG) as { forbidden: { name: string }[] }).forbidden.map((rule) => rule.name);

// Written a second time on purpose: a row changed in the configuration alone is a red test.
const MODULE_ROWS: Record<string, readonly string[]> = {
  tenancy: [],
  agents: ['tenancy'],
  conversations: ['tenancy'],
  knowledge: ['tenancy'],
  execution: ['tenancy', 'agents', 'conversations', 'knowledge'],
  migration: ['tenancy', 'conversations'],
  crm: ['tenancy', 'agents', 'conversations', 'execution', 'migration'],
};
const GROUND = ['errors', 'config', 'telemetry'];
const MIDDLE = ['redis', 'database', 'http', 'outbound', 'models'];
const SHARED_ROWS: Record<string, readonly string[]> = {
  errors: [],
  config: ['errors'],
  telemetry: ['config', 'errors'],
  redis: GROUND,
  database: GROUND,
  http: GROUND,
  outbound: GROUND,
  models: GROUND,
  cache: [...GROUND, ...MIDDLE],
  actions: [...GROUND, ...MIDDLE],
  idempotency: [...GROUND, ...MIDDLE],
  memo: [...GROUND, ...MIDDLE, 'cache', 'actions', 'idempotency'],
};
const LIBRARIES = ['typeorm', '@nestjs/typeorm', 'bull', '@nestjs/bull', 'ioredis', '@redis/client', 'cache-manager', 'mysql2', 'undici', 'ipaddr.js', 'ai', '@ai-sdk/openai-compatible', '@ai-sdk/mcp', 'mathjs'];

/** A tree that keeps every rule: each folder has a file, each face is there, each library is with its owners. */
const CLEAN: Files = {
  'src/main.ts': "import { app } from './app.module.js';\nexport const main = app;\n",
  'src/app.module.ts': `${Object.keys(MODULE_ROWS).map((m) => `import './modules/${m}/index.js';`).join('\n')}\nexport const app = 1;\n`,
  'src/migrate-schema.ts': 'export const migrate = 1;\n',
  'src/cli.ts': "import './cli/table.js';\n",
  'src/cli/table.ts': "import '../app.module.js';\nexport const table = 1;\n",
  'src/contracts/ids.ts': 'export type Id = string;\n',
  'src/contracts/jobs.ts': "import type { Id } from './ids.js';\nexport type Job = Id;\n",
  'test/support/app.ts': "import '../../src/app.module.js';\nexport const support = 1;\n",
  ...Object.fromEntries(Object.keys(SHARED_ROWS).map((folder) => [`src/shared/${folder}/part.ts`, "import '../../contracts/ids.js';\nexport const part = 1;\n"])),
  ...Object.fromEntries(
    Object.keys(MODULE_ROWS).flatMap((module) => [
      [`src/modules/${module}/index.ts`, "export { inside } from './inside.js';\n"],
      [`src/modules/${module}/inside.ts`, "import '../../shared/memo/part.js';\nexport const inside = 1;\n"],
      [`src/modules/${module}/thing.entity.ts`, "import 'typeorm';\nimport './inside.js';\nexport const thing = 1;\n"],
    ]),
  ),
};

/** One planted file, and exactly the rules it must break. */
type Case = [file: string, source: string, ...rules: string[]];

const edge = (here: string, there: string, row: readonly string[], rule: string): string[] => (here === there || row.includes(there) ? [] : [rule]);

const MODULE_CASES: Case[] = Object.entries(MODULE_ROWS).flatMap(([module, row]) =>
  Object.keys(MODULE_ROWS)
    .filter((other) => other !== module)
    .map((other): Case => [`src/modules/${module}/to-${other}.ts`, `import '../${other}/index.js';`, ...edge(module, other, row, `${module}-edges`)]),
);
const SHARED_CASES: Case[] = Object.entries(SHARED_ROWS).flatMap(([folder, row]) =>
  Object.keys(SHARED_ROWS).map((other): Case => [`src/shared/${folder}/to-${other}.ts`, `import '../${other}/part.js';`, ...edge(folder, other, row, `shared-${folder}-edges`)]),
);

const STRUCTURE_CASES: Case[] = [
  // A circle is reported once, at one of its files.
  ['src/modules/agents/circle.ts', "import type { C } from './circle-back.js';\nexport type D = C;"],
  ['src/modules/agents/circle-back.ts', "import type { D } from './circle.js';\nexport type C = D;", 'no-circles'],
  ['src/modules/agents/lost.ts', "import './not-there.js';", 'no-unresolved'],
  ['src/modules/agents/alone.ts', 'export const alone = 1;', 'no-orphans'],
  ['src/modules/agents/tested.ts', "import '../../../test/support/app.js';", 'no-test-in-src'],
  ['src/modules/agents/borrowed.ts', "import './case.spec.js';", 'no-test-in-src'],
  ['src/modules/agents/case.spec.ts', "import '../../../test/support/app.js';"],
  ['src/modules/agents/cellar-user.ts', "import '../../common/cellar.js';", 'no-unlisted-folder'],
  ['src/common/cellar.ts', 'export const cellar = 1;'],
  ['src/shared/memo/cellar-user.ts', "import '../cellar/cellar.js';", 'no-unlisted-folder', 'shared-memo-edges'],
  ['src/shared/cellar/cellar.ts', 'export const cellar = 1;'],
  ['src/contracts/reaches-shared.ts', "import '../shared/errors/part.js';", 'contracts-know-nobody'],
  ['src/contracts/reaches-module.ts', "import type { inside } from '../modules/agents/index.js';\nexport type T = typeof inside;", 'contracts-know-nobody'],
  ['src/shared/cache/reaches-module.ts', "import '../../modules/agents/index.js';", 'shared-knows-no-module'],
  ['src/shared/cache/reaches-root.ts', "import '../../app.module.js';", 'shared-knows-no-module'],
  ['src/modules/agents/reaches-root.ts', "import '../../app.module.js';", 'modules-know-no-root'],
  ['src/modules/crm/behind-the-face.ts', "import '../agents/inside.js';", 'modules-only-through-the-face'],
  ['src/modules/crm/lazily.ts', "export const later = () => import('../agents/inside.js');", 'modules-only-through-the-face'],
  ['src/modules/agents/own-face.ts', "import './index.js';", 'no-own-face'],
  ['src/seed.ts', "import './modules/agents/inside.js';", 'root-only-through-the-face'],
  ['src/cli/memo/seed.ts', "import '../../modules/agents/inside.js';", 'root-only-through-the-face'],
  ['src/modules/agents/reaches-cli.ts', "import '../../cli/table.js';", 'modules-know-no-root'],
];

const LIBRARY_CASES: Case[] = [
  ['src/modules/agents/agents.service.ts', "import 'typeorm';", 'owned-typeorm'],
  ['src/modules/agents/agents.module.ts', "import '@nestjs/typeorm';", 'owned-nest-typeorm'],
  ['src/modules/agents/injected.repository.ts', "import '@nestjs/typeorm';", 'owned-nest-typeorm'],
  ['src/modules/agents/typed.ts', "import type { DataSource } from 'typeorm';\nexport type D = DataSource;", 'owned-typeorm'],
  ['src/modules/agents/agent.repository.ts', "import 'typeorm';"],
  ['src/modules/agents/agent.repository.spec.ts', "import 'typeorm';"],
  ['src/shared/database/data-source.ts', "import 'typeorm';\nimport '@nestjs/typeorm';"],
  ['src/modules/migration/move.handler.ts', "import 'bull';", 'owned-bull'],
  ['src/shared/redis/queue.ts', "import '@nestjs/bull';", 'owned-bull'],
  ['src/shared/actions/queue.ts', "import 'bull';\nimport '@nestjs/bull';"],
  ['src/modules/conversations/history.service.ts', "import 'ioredis';", 'owned-ioredis'],
  ['src/shared/cache/ioredis-user.ts', "import 'ioredis';", 'owned-ioredis'],
  ['src/shared/redis/connection.ts', "import 'ioredis';"],
  ['src/modules/conversations/hot-store.ts', "import 'ioredis';"],
  ['src/modules/conversations/hot/conversation.store.ts', "import 'ioredis';"],
  ['src/modules/execution/event-log.ts', "import 'ioredis';"],
  ['src/modules/execution/events/event-log-reader.ts', "import 'ioredis';"],
  ['src/shared/redis/node-redis.ts', "import '@redis/client';", 'owned-node-redis'],
  ['src/shared/memo/cached.ts', "import 'cache-manager';", 'owned-node-redis'],
  ['src/shared/memo/not-installed.ts', "import 'redis';", 'no-unresolved', 'owned-node-redis'],
  ['src/shared/cache/client.ts', "import '@redis/client';\nimport 'cache-manager';"],
  ['src/shared/database/mysql.ts', "import 'mysql2';", 'owned-mysql2'],
  ['src/shared/memo/backends/mysql-backend.ts', "import 'mysql2';"],
  ['src/modules/execution/tools/bare.ts', "import 'undici';", 'owned-outbound'],
  ['src/shared/http/addresses.ts', "import 'ipaddr.js';", 'owned-outbound'],
  ['src/shared/outbound/dial.ts', "import 'undici';\nimport 'ipaddr.js';"],
  ['src/modules/execution/run.service.ts', "import 'ai';", 'owned-ai'],
  ['src/modules/agents/provider.ts', "import '@ai-sdk/openai-compatible';", 'owned-ai'],
  ['src/modules/execution/models/registry.ts', "import 'ai';\nimport '@ai-sdk/openai-compatible';"],
  ['src/modules/knowledge/embedding.model.ts', "import 'ai';"],
  ['src/shared/models/failure.ts', "import 'ai';"],
  ['src/modules/execution/agent-loop.ts', "import 'ai';"],
  ['src/modules/execution/tools/mcp-list.ts', "import '@ai-sdk/mcp';", 'owned-ai'],
  ['src/modules/execution/tools/mcp-connection.ts', "import '@ai-sdk/mcp';"],
  ['src/modules/execution/tools/sums.ts', "import 'mathjs';", 'owned-mathjs'],
  ['src/modules/execution/tools/calculator.ts', "import 'mathjs';"],
];

/** A face cannot be planted as a new file of a module that has one: these modules' faces are replaced. */
const FACE_CASES: Case[] = [
  ['src/modules/tenancy/index.ts', "export { thing } from './thing.entity.js';", 'face-shows-no-inside'],
  ['src/modules/agents/index.ts', "export { inside } from './agent.repository.js';\nexport { inside as b } from './inside.js';", 'face-shows-no-inside'],
  ['src/modules/knowledge/index.ts', "export type { Dto } from './search.dto.js';\nexport { inside } from './inside.js';", 'face-shows-no-inside'],
];
const CASES: Case[] = [...MODULE_CASES, ...SHARED_CASES, ...STRUCTURE_CASES, ...LIBRARY_CASES, ...FACE_CASES];
const PLANTED: Files = {
  ...CLEAN,
  'src/modules/knowledge/search.dto.ts': 'export type Dto = string;\n',
  ...Object.fromEntries(CASES.map(([file, source]) => [file, `${source}\n`])),
};

interface Cruise { summary: { violations: { from: string; rule: { name: string } }[]; totalCruised: number } }

/** File → the names of the rules it breaks, each once, sorted. */
async function cruise(files: Files): Promise<Map<string, string[]>> {
  const root = await plantTree(files, LIBRARIES);
  try {
    const { summary } = await runTool<Cruise>(root, 'dependency-cruiser/bin/dependency-cruiser.mjs', ['src', '--config', CONFIG, '--output-type', 'json']);
    expect(summary.totalCruised).toBeGreaterThanOrEqual(Object.keys(files).filter((path) => path.startsWith('src/')).length);
    const broken = Map.groupBy(summary.violations, (violation) => violation.from);
    return new Map([...broken].map(([file, violations]) => [file, [...new Set(violations.map((v) => v.rule.name))].sort()]));
  } finally {
    await removeTree(root);
  }
}

describe('the import table', () => {
  let broken: Map<string, string[]>;
  beforeAll(async () => { broken = await cruise(PLANTED); });

  it('finds nothing in a tree that keeps it', async () => {
    expect(await cruise(CLEAN)).toEqual(new Map());
  });

  it('needs no folder to exist', async () => {
    expect(await cruise({ 'src/main.ts': 'export const main = 1;\n' })).toEqual(new Map());
  });

  it('reports conversations importing migration as conversations-edges', () => {
    expect(broken.get('src/modules/conversations/to-migration.ts')).toEqual(['conversations-edges']);
  });

  it.each(CASES.map(([file, source, ...rules]) => ({ file, source: source.replaceAll('\n', ' '), rules })))('$file, `$source`: $rules', ({ file, rules }) => {
    expect(broken.get(file) ?? []).toEqual(rules.sort());
  });

  it('has no rule that was not seen to fire', () => {
    const fired = new Set([...broken.values()].flat());
    expect(declared.filter((name) => !fired.has(name))).toEqual([]);
  });
});
