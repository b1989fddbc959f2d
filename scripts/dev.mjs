import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { runForDevelopment } from './development.mjs';
import { projectDir } from './paths.mjs';

const nest = join(projectDir, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');

await runCommand(() => runForDevelopment({ args: [nest, 'start', '--watch'], isWatching: true }), { interruptedExitCode: () => 0 });
