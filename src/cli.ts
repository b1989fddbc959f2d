import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Command, CommanderError } from 'commander';
import { AppModule } from './app.module.js';
import { type CommandResult, tell } from './cli-output.js';
import type { Perform } from './command-options.js';
import { addMigrateCommands } from './migrate-commands.js';
import { preflight } from './preflight.js';
import { DatabaseSettings, ServerSettings, loadSettings } from './shared/config/index.js';
import { migrateSchema } from './shared/database/index.js';
import { AppError } from './shared/errors/index.js';
import { addKeyCommands, addTenantCommands } from './tenancy-commands.js';

/** Exit codes besides 0: it failed, or found something wrong; it was misused. */
const FAILED = 1;
const MISUSED = 2;

/** The application without a port and without workers, as long as `work` needs it. */
const perform: Perform = async (work, { json = false }) => {
  const settings = loadSettings();
  // The log goes to standard output, which is the command's; it says itself what is wrong.
  Object.assign(settings.get(ServerSettings) as ServerSettings, { role: 'api', logLevel: 'silent' } satisfies Partial<ServerSettings>);
  await preflight(settings, () => undefined);
  const database = settings.get(DatabaseSettings) as DatabaseSettings;
  if (database.migrateOnStart) await migrateSchema(database);
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(settings), { logger: false, abortOnError: false });
  let result: CommandResult;
  try {
    result = await work(app);
  } finally {
    await app.close();
  }
  tell(result, json);
  if (result.isWrong === true) process.exitCode = FAILED;
};

/** `node dist/cli.js <command>`: does one command on the stores that the settings name. */
async function main(): Promise<void> {
  const program = new Command('nooble').description('Nooble’s command line').exitOverride();
  addTenantCommands(program, perform);
  addKeyCommands(program, perform);
  addMigrateCommands(program, perform);
  await program.parseAsync();
}

await main().catch((error: unknown) => {
  // commander has said what is wrong; the end of a help text is no fault.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : MISUSED;
    return;
  }
  const isOurs = error instanceof AppError || !(error instanceof Error);
  process.stderr.write(`nooble: ${isOurs ? String((error as AppError).message) : (error.stack ?? error.message)}\n`);
  process.exitCode = FAILED;
});
