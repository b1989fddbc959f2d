import { DatabaseSettings, loadSettings } from './shared/config/index.js';
import { migrateSchema } from './shared/database/index.js';

/** `node dist/migrate-schema.js [down]`: brings the schema up to date, or takes the last change back. */
async function main(): Promise<void> {
  const direction = process.argv[2] === 'down' ? 'down' : 'up';
  const names = await migrateSchema(loadSettings(undefined, [DatabaseSettings]).get(DatabaseSettings) as DatabaseSettings, direction);
  const verb = direction === 'up' ? 'applied' : 'reverted';
  process.stdout.write(names.length === 0 ? 'The schema is up to date.\n' : names.map((name) => `${verb} ${name}\n`).join(''));
}

await main().catch((error: unknown) => {
  process.stderr.write(`nooble: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
