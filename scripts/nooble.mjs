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

function needsServices(args) {
  if (args.length === 0 || args.some((arg) => HELP.has(arg))) return false;
  // Of the memo caches one is in the server's own Redis; the others are where their place says.
  if (args[0] === 'memo') return !process.env.REDIS_URL && args.some((arg, i) => arg === '--cache=redis' || (arg === 'redis' && args[i - 1] === '--cache'));
  return true;
}

// Nothing of its own on standard output: that is the command's.
await runCommand(async (args) => {
  loadEnvFile();
  const env = { ...process.env };
  if (needsServices(args)) {
    const services = await joinServices({ dataDir: devDataDir, persistent: true });
    onExit(services.stop);
    Object.assign(env, { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl });
  }
  return waitForChild(spawn(process.execPath, [join(projectDir, 'dist', 'cli.js'), ...args], { env, stdio: 'inherit' }));
});
