// `npm start` with data of its own, in the folder that the first argument names.
import { runCommand } from '../../scripts/command.mjs';
import { runForDevelopment } from '../../scripts/development.mjs';

await runCommand(([dataDir]) => runForDevelopment({ store: { dataDir, persistent: false } }), { interruptedExitCode: () => 0 });
