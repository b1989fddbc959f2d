import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));

/** What development, demo and tests leave on disk; not under version control. */
export const stateDir = join(projectDir, '.nooble');
