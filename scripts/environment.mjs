import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from './command.mjs';
import { projectDir } from './paths.mjs';

/** Reads the settings in `.env`, if there is one; a variable that is set already wins. */
export function loadEnvFile() {
  const file = join(projectDir, '.env');
  if (!existsSync(file)) return;
  try {
    process.loadEnvFile(file);
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${error.message}`);
  }
}
