import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runChecks } from './checks.mjs';
import { runCommand } from './command.mjs';
import { projectDir } from './paths.mjs';
import { waitForChild } from './processes.mjs';

const jest = join(projectDir, 'node_modules', 'jest', 'bin', 'jest.js');
const nodeFlags = ['--experimental-vm-modules', '--max-old-space-size=6144', '--disable-warning=ExperimentalWarning'];

await runCommand(async (args) => {
  if (args.length === 0) await runChecks();
  return waitForChild(spawn(process.execPath, [...nodeFlags, jest, ...args], { cwd: projectDir, stdio: 'inherit' }));
});
