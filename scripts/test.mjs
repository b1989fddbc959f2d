import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runChecks } from './checks.mjs';
import { onExit, runCommand } from './command.mjs';
import { projectDir } from './paths.mjs';
import { waitForChild } from './processes.mjs';
import { withSecondTry } from './second-try.mjs';

const jest = join(projectDir, 'node_modules', 'jest', 'bin', 'jest.js');
const nodeFlags = ['--experimental-vm-modules', '--max-old-space-size=6144', '--disable-warning=ExperimentalWarning'];

const runJest = (args) => waitForChild(spawn(process.execPath, [...nodeFlags, jest, ...args], { cwd: projectDir, stdio: 'inherit' }));

await runCommand(async (args) => {
  if (args.length > 0) return runJest(args);
  await runChecks();
  return process.env.CI ? runAllInCi() : runJest([]);
});

async function runAllInCi() {
  const folder = mkdtempSync(join(tmpdir(), 'nooble-report-'));
  onExit(() => rmSync(folder, { recursive: true, force: true }));
  const { code, unstable } = await withSecondTry(runJest, join(folder, 'report.json'));
  for (const file of unstable) console.log(`! Unstable: ${relative(projectDir, file)} failed beside the others and passed alone. What failed is above: mend it.`);
  return code;
}
