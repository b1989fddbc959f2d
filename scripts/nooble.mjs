import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onExit, runCommand } from './command.mjs';
import { loadEnvFile } from './environment.mjs';
import { projectDir } from './paths.mjs';
import { waitForChild } from './processes.mjs';
import { joinServices } from './running-services.mjs';
import { devDataDir } from './services.mjs';

/** What only asks for help needs no services. */
const HELP = new Set(['--help', '-h', 'help']);

// Nothing of its own on standard output: that is the command's.
await runCommand(async (args) => {
  loadEnvFile();
  const env = { ...process.env };
  if (args.length > 0 && !args.some((arg) => HELP.has(arg))) {
    const services = await joinServices({ dataDir: devDataDir, persistent: true });
    onExit(services.stop);
    Object.assign(env, { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl });
  }
  return waitForChild(spawn(process.execPath, [join(projectDir, 'dist', 'cli.js'), ...args], { env, stdio: 'inherit' }));
});
