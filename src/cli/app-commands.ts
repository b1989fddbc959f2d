import { NestFactory } from '@nestjs/core';
import type { Command } from 'commander';
import { AppModule } from '../app.module.js';
import type { CommandResult, Tell } from './cli-output.js';
import type { Perform } from './command-options.js';
import { addMigrateCommands } from './migrate-commands.js';
import { preflight } from '../preflight.js';
import { DatabaseSettings, ServerSettings, loadSettings } from '../shared/config/index.js';
import { migrateSchema } from '../shared/database/index.js';
import { addKeyCommands, addTenantCommands } from './tenancy-commands.js';

/** The commands that work in the application, on the stores that the settings name. */
export function addAppCommands(program: Command, tell: Tell, environment: NodeJS.ProcessEnv | undefined): void {
  const perform: Perform = async (work, options) => {
    tell(await inApplication(environment, work), options);
  };
  addTenantCommands(program, perform);
  addKeyCommands(program, perform);
  addMigrateCommands(program, perform);
}

/** The application without a port and without workers, as long as `work` needs it. */
async function inApplication(environment: NodeJS.ProcessEnv | undefined, work: Parameters<Perform>[0]): Promise<CommandResult> {
  const settings = loadSettings(environment);
  // The log goes to standard output, which is the command's; it says itself what is wrong.
  Object.assign(settings.get(ServerSettings) as ServerSettings, { role: 'api', logLevel: 'silent' } satisfies Partial<ServerSettings>);
  await preflight(settings, () => undefined);
  const database = settings.get(DatabaseSettings) as DatabaseSettings;
  if (database.migrateOnStart) await migrateSchema(database);
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(settings), { logger: false, abortOnError: false });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
