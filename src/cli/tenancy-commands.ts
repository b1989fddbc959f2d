import type { INestApplicationContext } from '@nestjs/common';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type CommandResult, table } from './cli-output.js';
import { JSON_OPTION, type Perform, readId, readNumber, readTenant } from './command-options.js';
import { TIERS, TIER_ALIASES, type Tier } from '../contracts/index.js';
import { API_KEY_STATUSES, type ApiKey, type ApiKeyStatus, ApiKeysService, SCOPES, type Scope, type ShownApiKey, type Tenant, TenantsService, statusOf } from '../modules/tenancy/index.js';

interface Options {
  readonly json?: boolean;
}
interface PageOptions extends Options {
  readonly limit: number;
  readonly cursor?: string;
}
interface TenantFields extends Options {
  readonly name?: string;
  readonly tier?: Tier;
}

/** Longest overlap of two secrets, seconds: as over REST. */
const MAX_OVERLAP_SECONDS = 2_592_000;
const LIMIT = ['--limit <number>', 'how many', readNumber(1, 200), 50] as const;
const CURSOR = '--cursor <cursor>';

/** `tenants …`: who there is. */
export function addTenantCommands(program: Command, perform: Perform): void {
  const tenants = program.command('tenants').description('who uses this Nooble, each with a tier');
  tenants.command('list').description('the newest first')
    .addOption(tierOption('of this tier')).option('--inactive', 'that are switched off').option('--search <text>', 'with this in the id or the name')
    .option(...LIMIT).option(CURSOR, 'from the page before', readTenant).option(...JSON_OPTION)
    .action((options: PageOptions & { tier?: Tier; inactive?: true; search?: string }) => perform((app) => listTenants(app, options), options));
  tenants.command('create').description('a new tenant')
    .argument('<name>', 'for people', readName).option('--id <id>', 'instead of a new UUID', readTenant).addOption(tierOption('default: free')).option(...JSON_OPTION)
    .action((name: string, options: TenantFields & { id?: string }) => perform(async (app) => tenantResult(await tenantsOf(app).create({ tenantId: options.id, name, tier: options.tier ?? 'free' })), options));
  tenants.command('update').description('change what is named, at once in every process; a tenant of another tier, or switched off, loses its open sockets')
    .argument('<tenantId>', 'which', readTenant).option('--name <name>', 'for people', readName).addOption(tierOption('its tier'))
    .option('--activate', 'switch all of its keys on').addOption(new Option('--deactivate', 'switch all of its keys off').conflicts('activate')).option(...JSON_OPTION)
    .action((tenantId: string, options: TenantFields & { activate?: true; deactivate?: true }, command: Command) => {
      const edit = editOf(options);
      if (Object.keys(edit).length === 0) command.error('error: there is nothing to change; name at least one of --name, --tier, --activate and --deactivate');
      return perform(async (app) => tenantResult(await tenantsOf(app).update(tenantId, edit)), options);
    });
}

/** `keys …`: what opens the API. */
export function addKeyCommands(program: Command, perform: Perform): void {
  const keys = program.command('keys').description('API keys of tenants');
  keys.command('list').description('those of a tenant, the newest first, without their secrets')
    .requiredOption('--tenant <id>', 'whose', readTenant).addOption(new Option('--status <status>', 'of this status').choices(API_KEY_STATUSES))
    .option(...LIMIT).option(CURSOR, 'from the page before', readId).option(...JSON_OPTION)
    .action((options: PageOptions & { tenant: string; status?: ApiKeyStatus }) => perform((app) => listKeys(app, options), options));
  keys.command('create').description('a new key, shown this once')
    .argument('<name>', 'what it is for', readName).requiredOption('--tenant <id>', 'whose', readTenant)
    .requiredOption('--scopes <scopes>', `what it opens, with commas between: ${SCOPES.join(', ')}`, readScopes).option('--expires <time>', 'when it ends by itself, such as 2030-01-31T12:00:00Z', readTime).option(...JSON_OPTION)
    .action((name: string, { tenant: tenantId, scopes, expires, json }: Options & { tenant: string; scopes: Scope[]; expires?: Date }) =>
      perform(async (app) => shownResult(await keysOf(app).create({ tenantId, name, scopes, expiresAt: expires ?? null })), { ...(json === true && { json }) }));
  keys.command('rotate').description('another secret for a key, shown this once; the one before ends at once, or after the overlap')
    .argument('<keyId>', 'which', readId).option('--overlap <seconds>', 'how long the secret that it has works besides', readNumber(0, MAX_OVERLAP_SECONDS), 0).option(...JSON_OPTION)
    .action((keyId: string, options: Options & { overlap: number }) => perform(async (app) => shownResult(await keysOf(app).rotate(keyId, options.overlap)), options));
  keys.command('revoke').description('end a key, at once in every process, with its open sockets')
    .argument('<keyId>', 'which', readId).option(...JSON_OPTION)
    .action((keyId: string, options: Options) => perform(async (app) => keyResult(await keysOf(app).revoke(keyId)), options));
}

const tenantsOf = (app: INestApplicationContext): TenantsService => app.get(TenantsService, { strict: false });
const keysOf = (app: INestApplicationContext): ApiKeysService => app.get(ApiKeysService, { strict: false });

async function listTenants(app: INestApplicationContext, { tier, inactive, search, limit, cursor }: PageOptions & { tier?: Tier; inactive?: true; search?: string }): Promise<CommandResult> {
  const page = await tenantsOf(app).list({ tier, isActive: inactive === true ? false : undefined, q: search }, { limit, cursor });
  return { result: page, lines: [...table(TENANT_HEADINGS, page.data.map(tenantRow)), ...more(page)] };
}

async function listKeys(app: INestApplicationContext, { tenant: tenantId, status, limit, cursor }: PageOptions & { tenant: string; status?: ApiKeyStatus }): Promise<CommandResult> {
  const page = await keysOf(app).list({ tenantId, status }, { limit, cursor });
  return { result: { ...page, data: page.data.map(withStatus) }, lines: [...table(KEY_HEADINGS, page.data.map(keyRow)), ...more(page)] };
}

function more({ data, total, nextCursor }: { readonly data: readonly unknown[]; readonly total: number; readonly nextCursor: string | null }): string[] {
  return [`${String(data.length)} of ${String(total)}${nextCursor === null ? '' : `; the next with --cursor ${nextCursor}`}`];
}

const TENANT_HEADINGS = ['TENANT', 'NAME', 'TIER', 'STATE', 'CREATED'];
const KEY_HEADINGS = ['KEY', 'NAME', 'SCOPES', 'STATUS', 'CREATED', 'EXPIRES'];

function tenantRow({ tenantId, name, tier, isActive, createdAt }: Tenant): string[] {
  return [tenantId, name, tier, isActive ? 'on' : 'off', createdAt.toISOString()];
}

function keyRow(apiKey: ApiKey): string[] {
  const { keyId, name, scopes, createdAt, expiresAt } = apiKey;
  return [keyId, name, scopes.join(','), statusOf(apiKey), createdAt.toISOString(), expiresAt?.toISOString() ?? 'never'];
}

function withStatus(apiKey: ApiKey): ApiKey & { readonly status: ApiKeyStatus } {
  return { ...apiKey, status: statusOf(apiKey) };
}

function tenantResult(tenant: Tenant): CommandResult {
  return { result: tenant, lines: table(TENANT_HEADINGS, [tenantRow(tenant)]) };
}

function keyResult(apiKey: ApiKey): CommandResult {
  return { result: withStatus(apiKey), lines: table(KEY_HEADINGS, [keyRow(apiKey)]) };
}

function shownResult({ apiKey, key }: ShownApiKey): CommandResult {
  const { result, lines } = keyResult(apiKey);
  const until = apiKey.previousValidUntil === null ? [] : [`The secret before works until ${apiKey.previousValidUntil.toISOString()}.`];
  return { result: { ...result, key }, lines: [...lines, '', key, '', 'This is the key. Keep it now: nothing shows it again, only its SHA-256 is stored.', ...until] };
}

function editOf({ name, tier, activate, deactivate }: TenantFields & { activate?: true; deactivate?: true }): { name?: string; tier?: Tier; isActive?: boolean } {
  const isActive = activate ?? (deactivate === true ? false : undefined);
  return { ...(name !== undefined && { name }), ...(tier !== undefined && { tier }), ...(isActive !== undefined && { isActive }) };
}

function tierOption(description: string): Option {
  return new Option('--tier <tier>', `${description}; one of ${TIERS.join(', ')}`).argParser(readTier);
}

/** @returns the tier of this name, or of one that older clients use */
function readTier(text: string): Tier {
  const tier = TIER_ALIASES.get(text) ?? TIERS.find((known) => known === text);
  if (tier === undefined) throw new InvalidArgumentError(`It must be one of ${TIERS.join(', ')}.`);
  return tier;
}

function readName(text: string): string {
  if (text.length < 1 || text.length > 200) throw new InvalidArgumentError('It must have 1 to 200 characters.');
  return text;
}

function readScopes(text: string): Scope[] {
  const words = [...new Set(text.split(',').map((word) => word.trim()))];
  const scopes = SCOPES.filter((scope) => words.includes(scope));
  if (scopes.length !== words.length) throw new InvalidArgumentError(`They must be among ${SCOPES.join(', ')}, with commas between.`);
  return scopes;
}

function readTime(text: string): Date {
  const time = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}T/.test(text) || !(time.getTime() > Date.now())) throw new InvalidArgumentError('It must be a date and time in the future, such as 2030-01-31T12:00:00Z.');
  return time;
}
