import 'reflect-metadata';
import { createApp } from './create-app.js';
import { preflight } from './preflight.js';
import { DatabaseSettings, ServerSettings, loadSettings } from './shared/config/index.js';
import { migrateSchema } from './shared/database/index.js';
import { AppError } from './shared/errors/index.js';
import { rememberSecrets, secretFree } from './shared/telemetry/index.js';

/** Starts the server, or says in one line why it cannot. */
async function main(): Promise<void> {
  const settings = loadSettings();
  rememberSecrets(settings.values());
  const { host, port } = settings.get(ServerSettings) as ServerSettings;
  const database = settings.get(DatabaseSettings) as DatabaseSettings;
  await preflight(settings, say);
  if (database.migrateOnStart) await migrateSchema(database);
  const app = await createApp(settings);
  await app.listen(port, host).catch((error: unknown) => {
    throw (error as { code?: string }).code === 'EADDRINUSE'
      ? new AppError({ kind: 'unavailable', code: 'PORT_IN_USE', message: `Port ${String(port)} of ${host} is in use; stop what uses it or set PORT to another (0 takes a free one).` })
      : error;
  });
  say(`Nooble listens on ${await app.getUrl()} (API at /docs).`);
}

function say(sentence: string): void {
  process.stderr.write(`nooble: ${secretFree(sentence)}\n`);
}

await main().catch((error: unknown) => {
  // What we refuse knowingly is a sentence; anything else is a fault of ours and needs its stack.
  say(error instanceof AppError || !(error instanceof Error) ? String((error as AppError).message) : (error.stack ?? error.message));
  process.exit(1);
});
