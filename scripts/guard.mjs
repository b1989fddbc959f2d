// Runs a program until it ends or until this process's standard input closes, which happens even when the process
// holding the other end is killed. Runs in its own process group, so Ctrl-C does not reach it.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { endChild } from './processes.mjs';

const STOP_TIMEOUT_MS = 20_000;
const [program, ...args] = process.argv.slice(2);
const child = spawn(program, args, { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
const stop = () => void endChild(child, { timeoutMs: STOP_TIMEOUT_MS });

/** The program may have started others: they go with it. */
function endGroup() {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nobody is left in its group.
  }
}

process.stdin.on('end', stop).on('error', stop).resume();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop);
child.once('error', () => process.exit(127));
child.once('exit', (code, signal) => {
  endGroup();
  process.exit(code ?? 128 + constants.signals[signal]);
});
