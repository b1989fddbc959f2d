// The chaos run for CHAOS_SECONDS (180 unless set), saying what it does, then readers that resume RESUMES times (10 000 unless set), and nothing else.
// CHAOS_SEED repeats the schedule of an earlier run, RESUMES_SEED the choices of earlier readers.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { projectDir } from './paths.mjs';
import { waitForChild } from './processes.mjs';

const jest = join(projectDir, 'node_modules', 'jest', 'bin', 'jest.js');
const args = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, '--runInBand', '--testPathPatterns', 'test/faults/(chaos|resumes).spec.ts'];
const { CHAOS_SECONDS = '180', RESUMES = '10000' } = process.env;

await runCommand(async () => waitForChild(spawn(process.execPath, args, { cwd: projectDir, env: { ...process.env, CHAOS_SECONDS, RESUMES, CHAOS_ALOUD: '1' }, stdio: 'inherit' })));
