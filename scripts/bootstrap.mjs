// Runs a command of this project in a fresh clone: installs and builds what is missing, then hands over to the project's own Node.
// Has no dependencies and runs on Node 20.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensureBuild } from './build.mjs';
import { CommandError, oneLine } from './command.mjs';
import { ensureDependencies } from './dependencies.mjs';
import { projectDir } from './paths.mjs';

const COMMANDS = {
  bench: { needsBuild: true },
  build: { needsBuild: false },
  chaos: { needsBuild: true },
  demo: { needsBuild: true },
  dev: { needsBuild: false },
  lint: { needsBuild: false },
  migrate: { needsBuild: true },
  nooble: { needsBuild: true },
  start: { needsBuild: true },
  test: { needsBuild: true },
};
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const STARTER_CHECK_INTERVAL_MS = 500;

const interruption = new AbortController();
const binDir = join(projectDir, 'node_modules', '.bin');
let handedOverTo = null;

async function main([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (!command) throw new CommandError(`Usage: node scripts/bootstrap.mjs <${Object.keys(COMMANDS).join('|')}> [arguments]`);
  const { signal } = interruption;
  await ensureDependencies(projectDir, signal);
  if (!existsSync(join(binDir, 'node'))) throw new CommandError('npm skipped the install scripts, which bring Node 24: allow them (npm config ignore-scripts, allow-scripts), remove node_modules and try again.');
  if (name === 'build') return ensureBuild({ force: true, signal });
  if (command.needsBuild) await ensureBuild({ signal });
  return handOver(name, args);
}

/** The channel tells the command when this process ends, even by SIGKILL. */
function handOver(name, args) {
  return new Promise((resolve, reject) => {
    handedOverTo = spawn(join(binDir, 'node'), [join(projectDir, 'scripts', `${name}.mjs`), ...args], {
      cwd: projectDir,
      env: { ...process.env, PATH: `${binDir}${delimiter}${process.env.PATH ?? ''}` },
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    handedOverTo.on('error', reject);
    handedOverTo.on('exit', (code, signal) => resolve(code ?? EXIT_CODES[signal] ?? 1));
  });
}

function interrupt(signal) {
  if (interruption.signal.aborted) return;
  process.exitCode = EXIT_CODES[signal];
  interruption.abort();
  handedOverTo?.kill(signal);
}

/** npm waits for its script, so another parent, of this process or of the shell in between, means that npm was killed. */
function watchNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const shellPid = process.ppid;
  const npmPid = parentOf(shellPid);
  setInterval(() => {
    if (process.ppid !== shellPid || parentOf(shellPid) !== npmPid) interrupt('SIGTERM');
  }, STARTER_CHECK_INTERVAL_MS).unref();
}

/** The parent of a process, where /proc tells: the second field behind its name in brackets. */
function parentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1];
  } catch {
    return undefined;
  }
}

for (const signal of Object.keys(EXIT_CODES)) process.on(signal, () => interrupt(signal));
watchNpm();
try {
  process.exitCode = (await main(process.argv.slice(2))) ?? 0;
} catch (error) {
  if (!interruption.signal.aborted) console.error(`✗ ${oneLine(error)}`);
  process.exitCode ||= 1;
}
