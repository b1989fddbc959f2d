import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, runCommand } from './command.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { projectDir } from './paths.mjs';
import { waitForChild } from './processes.mjs';

const benchDir = join(projectDir, 'bench');
const runner = join(benchDir, 'run.mjs');

await runCommand(async (args) => {
  if (!existsSync(runner)) throw new CommandError('There are no benchmarks: bench/run.mjs is missing.');
  if (existsSync(join(benchDir, 'package-lock.json'))) await ensureDependencies(benchDir);
  return waitForChild(spawn(process.execPath, [runner, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] }));
});
