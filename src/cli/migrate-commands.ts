import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { type CommandResult, progressBar } from './cli-output.js';
import { JSON_OPTION, type Perform, readId, readTenant } from './command-options.js';
import type { MigrationLoopAnswer, MigrationStatsAnswer } from '../contracts/index.js';
import { ConversationsService } from '../modules/conversations/index.js';
import { LedgerVerification, MigrationLoop, MigrationRun, MigrationStats } from '../modules/migration/index.js';

interface Options {
  readonly tenant?: string;
  readonly json?: boolean;
}

/** Of a command for which the tenant is required. */
type TenantOptions = Options & { readonly tenant: string };

const WHOSE = '--tenant <id>';

/** `migrate …`: what operators do with conversations between Redis and PostgreSQL. */
export function addMigrateCommands(program: Command, perform: Perform): void {
  const migrate = program.command('migrate').description('conversations between Redis and PostgreSQL');
  migrate.command('run').description('move everything that is not in PostgreSQL yet, now, also while the loop is stopped; exit code 1 if anything fails')
    .option(WHOSE, 'of one tenant only', readTenant).option(...JSON_OPTION)
    .action((options: Options) => perform((app) => runAll(app, options), options));
  migrate.command('stats').description('how far the migration is, over all processes')
    .option(WHOSE, 'of one tenant only', readTenant).option(...JSON_OPTION)
    .action((options: Options) => perform((app) => showStats(app, options), options));
  migrate.command('verify').description('compare a tenant’s messages in PostgreSQL with the checksums of its ledger; exit code 1 if any differ')
    .requiredOption(WHOSE, 'whose', readTenant).option(...JSON_OPTION)
    .action((options: TenantOptions) => perform((app) => verify(app, options), options));
  migrate.command('hot').description('bring a conversation back to Redis, as its next message would; it leaves again after MIGRATION_RELEASE_SECONDS')
    .argument('<conversationId>', 'its id', readId).requiredOption(WHOSE, 'whose', readTenant).option(...JSON_OPTION)
    .action((conversationId: string, options: TenantOptions) => perform((app) => reheat(app, conversationId, options), options));
  migrate.command('start').description('let moves begin by themselves, in every process').option(...JSON_OPTION)
    .action((options: Options) => perform(async (app) => loopResult(await app.get(MigrationLoop, { strict: false }).start()), options));
  migrate.command('stop').description('let no move begin by itself any more, in any process, until the loop is started').option(...JSON_OPTION)
    .action((options: Options) => perform(async (app) => loopResult(await app.get(MigrationLoop, { strict: false }).stop()), options));
}

async function runAll(app: INestApplicationContext, { tenant }: Options): Promise<CommandResult> {
  const result = await app.get(MigrationRun, { strict: false }).run(tenant, progressBar('conversations'));
  const { conversations, movedMessages, failures } = result;
  const failed = failures.map(({ tenantId, conversationId, code, message }) => `  ${tenantId} ${conversationId} ${code}: ${message}`);
  const lines = [`${String(conversations)} conversations looked at, ${String(movedMessages)} messages moved, ${String(failures.length)} failed.`, ...failed];
  return { result, lines, isWrong: failures.length > 0 };
}

async function showStats(app: INestApplicationContext, { tenant }: Options): Promise<CommandResult> {
  const result = await app.get(MigrationStats, { strict: false }).get(tenant);
  return { result, lines: statsLines(result) };
}

async function verify(app: INestApplicationContext, { tenant }: TenantOptions): Promise<CommandResult> {
  const result = await app.get(LedgerVerification, { strict: false }).verify(tenant, progressBar('ranges'));
  const { ranges, messages, deleted, faults } = result;
  const wrong = faults.map(({ conversationId, fromSeq, toSeq, expected, found }) => `  ${conversationId} messages ${String(fromSeq)}–${String(toSeq)}: ${found}, not ${expected}`);
  const lines = [`${String(ranges)} ranges of ${String(messages)} messages compared, ${String(deleted)} of deleted conversations left out, ${String(faults.length)} differ.`, ...wrong];
  return { result, lines, isWrong: faults.length > 0 };
}

async function reheat(app: INestApplicationContext, conversationId: string, { tenant }: TenantOptions): Promise<CommandResult> {
  const { status, storage, messageCount } = await app.get(ConversationsService, { strict: false }).reheat({ tenantId: tenant, conversationId });
  return { result: { conversationId, status, storage, messageCount }, lines: [`${conversationId} is ${status}, storage ${storage}, ${String(messageCount)} messages.`] };
}

function loopResult(result: MigrationLoopAnswer): CommandResult {
  return { result, lines: [`The loop is ${result.status}${result.changed ? '' : ', as it was'}; ${String(result.moving)} moves are running.`] };
}

function statsLines({ tenantId, status, migrations, lagSeconds, messagesPerSecond, lastRunAt, intervalSeconds, retention }: MigrationStatsAnswer): string[] {
  const rows = {
    tenant: tenantId ?? '(all)',
    loop: `${status}, every ${String(intervalSeconds)} s, last ${lastRunAt ?? 'never'}`,
    ...migrations,
    lag: `${lagSeconds.toFixed(1)} s`,
    throughput: `${messagesPerSecond.toFixed(1)} messages/s in the last minute`,
    retention: retention ? `${retention.isEnabled ? 'on' : 'off'}, ${String(retention.archivable)} to archive, ${String(retention.erasable)} to erase` : 'unknown while PostgreSQL is away',
  };
  return Object.entries(rows).map(([name, value]) => `${name.padEnd(12)} ${String(value)}`);
}
