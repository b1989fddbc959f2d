import { join } from 'node:path';
import { auditDependencies } from './audit.mjs';
import { projectDir } from './paths.mjs';
import { runToEnd } from './processes.mjs';
import { withProgress } from './progress.mjs';
import { CommandError } from './command.mjs';

const CHECKS = [
  { title: 'Types', program: 'tsc', args: ['-p', 'tsconfig.json'] },
  { title: 'Lint rules', program: 'eslint', args: ['.'] },
  { title: 'Import rules', program: 'depcruise', args: ['src', '--config', '.dependency-cruiser.cjs'] },
];

/**
 * Checks types, lint rules, who imports whom and known holes of dependencies, one after the other.
 *
 * @throws {CommandError} after printing what the first failing check found
 */
export async function runChecks() {
  for (const { title, program, args } of CHECKS) {
    await withProgress(`${title} (${program})`, async () => {
      const { code, output } = await runToEnd(join(projectDir, 'node_modules', '.bin', program), args, { cwd: projectDir });
      if (code === 0) return;
      process.stderr.write(`\n${output.trim()}\n`);
      throw new CommandError(`${title}: see what ${program} found above.`);
    });
  }
  const said = await withProgress('Dependencies (npm audit)', auditDependencies);
  console.log(`  ${said}`);
}
