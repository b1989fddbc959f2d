import { runChecks } from './checks.mjs';
import { runCommand } from './command.mjs';

await runCommand(runChecks);
