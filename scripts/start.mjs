import { runCommand } from './command.mjs';
import { runForDevelopment } from './development.mjs';

await runCommand(() => runForDevelopment(), { interruptedExitCode: () => 0 });
