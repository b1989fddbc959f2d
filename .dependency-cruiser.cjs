// Who may import whom. `depcruise src --config .dependency-cruiser.cjs` holds it; test/arch/import-rules.spec.ts proves that every rule can fail.
// A change of a table here comes with a decision record (docs/decisions).

/** A row lists the modules whose index.ts that module may import. */
const MAY_IMPORT = {
  tenancy: [],
  agents: ['tenancy'],
  conversations: ['tenancy'],
  knowledge: ['tenancy'],
  execution: ['tenancy', 'agents', 'conversations', 'knowledge'],
  migration: ['tenancy', 'conversations'],
  crm: ['tenancy', 'agents', 'conversations', 'execution', 'migration'],
};

/** Lowest first. A folder of src/shared may import every folder of a lower level, and none of its own level but its SIBLINGS. */
const LEVELS = [
  ['errors', 'config', 'telemetry'],
  ['redis', 'database', 'http', 'outbound', 'models'],
  ['cache', 'actions', 'idempotency'],
  ['memo'],
];
const SIBLINGS = { config: ['errors'], telemetry: ['config', 'errors'] };

/** A library has owners; specs are free, because a test may look behind the curtain. */
const OWNED_LIBRARIES = {
  'nest-typeorm': { libraries: '@nestjs/typeorm', owners: ['^src/shared/database/'] },
  typeorm: { libraries: 'typeorm', owners: ['^src/shared/database/', '[.](entity|repository)[.]ts$'] },
  bull: { libraries: 'bull|@nestjs/bull|@nestjs/bull-shared', owners: ['^src/shared/actions/'] },
  ioredis: { libraries: 'ioredis', owners: ['^src/shared/redis/', '^src/modules/.+[-.]store[.]ts$', '^src/modules/.*/event-log[^/]*[.]ts$'] },
  'node-redis': {
    libraries: 'redis|@redis/[^/]+|cache-manager|cache-manager-redis-yet|@nestjs/cache-manager|keyv|@keyv/[^/]+',
    owners: ['^src/shared/cache/'],
  },
  mysql2: { libraries: 'mysql2', owners: ['^src/shared/memo/backends/'] },
  outbound: { libraries: 'undici|ipaddr[.]js', owners: ['^src/shared/outbound/'] },
  ai: { libraries: 'ai|@ai-sdk/[^/]+', owners: ['^src/(modules/[^/]+|shared)/models/', '^src/modules/.+[.]model[.]', '^src/modules/.*agent-loop[.]ts$', '^src/modules/[^/]+/tools/mcp-connection[.]ts$'] },
  mathjs: { libraries: 'mathjs', owners: ['^src/modules/execution/tools/calculator[.]ts$'] },
};

const SPEC = '[.]spec[.]ts$';
const FACE = '^src/modules/[^/]+/index[.]ts$';
/** What puts the application together, or starts it: nothing below knows it. */
const ROOT = '^src/([^/]+|cli/.+)[.]ts$';
/** Programs that are started; what they are made of is imported. */
const ENTRIES = '^src/[^/]+[.]ts$';
const either = (names) => `(${names.join('|')})`;
const rule = (name, from, to, comment) => ({ name, severity: 'error', ...(comment && { comment }), from, to });

const moduleEdges = Object.entries(MAY_IMPORT).map(([module, targets]) =>
  rule(`${module}-edges`, { path: `^src/modules/${module}/` }, { path: '^src/modules/', pathNot: `^src/modules/${either([module, ...targets])}/` }),
);

const sharedEdges = LEVELS.flatMap((level, height) =>
  level.map((folder) => {
    const allowed = [folder, ...(SIBLINGS[folder] ?? []), ...LEVELS.slice(0, height).flat()];
    return rule(`shared-${folder}-edges`, { path: `^src/shared/${folder}/` }, { path: '^src/shared/', pathNot: `^src/shared/${either(allowed)}/` });
  }),
);

// A library that is not installed keeps its bare name, an installed one lies in node_modules: both must match.
const ownedLibraries = Object.entries(OWNED_LIBRARIES).map(([name, { libraries, owners }]) =>
  rule(`owned-${name}`, { path: '^src/', pathNot: [...owners, SPEC] }, { path: `(^|node_modules/)(${libraries})(/|$)` }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    rule('no-circles', {}, { circular: true }, 'Type-only circles count: they are the ones that become real.'),
    rule('no-unresolved', { path: '^src/' }, { couldNotResolve: true }, 'An import that is not resolved escapes every other rule.'),
    rule('no-orphans', { orphan: true, path: '^src/', pathNot: [ENTRIES, '[.]d[.]ts$'] }, {}),
    rule('no-test-in-src', { path: '^src/', pathNot: SPEC }, { path: ['^test/', SPEC] }),
    rule(
      'no-unlisted-folder',
      {},
      { path: '^src/', pathNot: [ROOT, '^src/contracts/', `^src/shared/${either(LEVELS.flat())}/`, `^src/modules/${either(Object.keys(MAY_IMPORT))}/`] },
      'A folder without a row in the tables would be free of every rule.',
    ),
    rule('contracts-know-nobody', { path: '^src/contracts/' }, { path: '^src/', pathNot: '^src/contracts/' }),
    rule('shared-knows-no-module', { path: '^src/shared/' }, { path: ['^src/modules/', ROOT] }),
    rule('modules-know-no-root', { path: '^src/modules/', pathNot: SPEC }, { path: ROOT }),
    rule(
      'modules-only-through-the-face',
      { path: '^src/modules/([^/]+)/' },
      { path: '^src/modules/', pathNot: ['^src/modules/$1/', FACE] },
    ),
    rule('root-only-through-the-face', { path: ROOT }, { path: '^src/modules/', pathNot: FACE }),
    rule('no-own-face', { path: '^src/modules/([^/]+)/(?!index[.]ts$)' }, { path: '^src/modules/$1/index[.]ts$' }),
    rule('face-shows-no-inside', { path: FACE }, { path: '[.](entity|repository|dto)[.]ts$' }, 'Entities, repositories and DTOs stay inside.'),
    ...moduleEdges,
    ...sharedEdges,
    ...ownedLibraries,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // `./x.js` is resolved to x.ts by dependency-cruiser itself; packages are read as ESM reads them.
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], mainFields: ['module', 'main', 'types'] },
  },
};
