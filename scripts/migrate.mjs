import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onExit, runCommand } from './command.mjs';
import { startDevServices } from './development.mjs';
import { loadEnvFile } from './environment.mjs';
import { projectDir } from './paths.mjs';
import { waitForChild } from './processes.mjs';

await runCommand(async (args) => {
  loadEnvFile();
  const services = await startDevServices();
  onExit(services.stop);
  const env = { ...process.env, DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl };
  const schema = spawn(process.execPath, [join(projectDir, 'dist', 'migrate-schema.js'), ...args], { env, stdio: 'inherit' });
  return waitForChild(schema);
});
