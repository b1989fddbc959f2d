import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onExit, runCommand } from './command.mjs';
import { loadEnvFile } from './environment.mjs';
import { projectDir } from './paths.mjs';
import { waitForChild } from './processes.mjs';
import { devDataDir, startServices } from './services.mjs';

// Nothing of its own on standard output: that is the command's.
await runCommand(async (args) => {
  loadEnvFile();
  const services = await startServices({ dataDir: devDataDir, persistent: true });
  onExit(services.stop);
  const env = { ...process.env, DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl };
  return waitForChild(spawn(process.execPath, [join(projectDir, 'dist', 'cli.js'), ...args], { env, stdio: 'inherit' }));
});
