/** A failure a person can do something about: shown as one line, without a stack. */
export class CommandError extends Error {}

const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const cleanups = [];
let closing = null;

/**
 * Registers work to do before the process ends, whatever ends it; the last registered runs first.
 *
 * @param {(exitCode: number) => unknown} cleanup may be asynchronous; its failure is shown, and the others still run
 */
export function onExit(cleanup) {
  cleanups.push(cleanup);
}

/**
 * Runs a command's main function: cleans up after it, turns any failure into one line, and ends the process.
 * Ctrl-C, SIGTERM, SIGHUP and the end of the process that started this one all clean up too.
 *
 * @param {(args: string[]) => Promise<number | void>} main resolves with the exit code (default 0)
 * @param {{ interruptedExitCode?: () => number | undefined }} [options] exit code after a signal; default 128 + its number
 */
export async function runCommand(main, { interruptedExitCode } = {}) {
  for (const [signal, code] of Object.entries(SIGNAL_EXIT_CODES)) {
    process.on(signal, () => void finish(interruptedExitCode?.() ?? code));
  }
  watchStarter();
  try {
    await finish((await main(process.argv.slice(2))) ?? 0);
  } catch (error) {
    if (!closing) console.error(`✗ ${oneLine(error)}`);
    await finish(1);
  }
}

/**
 * The first line of what went wrong, for a person.
 *
 * @param {unknown} error anything thrown
 * @returns {string}
 */
export function oneLine(error) {
  const text = error instanceof Error ? error.message || error.code || error.name : String(error);
  return String(text).split('\n', 1)[0];
}

/** The bootstrap holds a channel to each command: it closes even when the bootstrap is killed. */
function watchStarter() {
  if (!process.channel) return;
  process.on('disconnect', () => void finish(SIGNAL_EXIT_CODES.SIGTERM));
  process.channel.unref();
}

function finish(exitCode) {
  closing ??= cleanUp(exitCode).then(() => process.exit(exitCode));
  return closing;
}

async function cleanUp(exitCode) {
  for (const cleanup of cleanups.reverse()) {
    try {
      await cleanup(exitCode);
    } catch (error) {
      console.error(`✗ ${oneLine(error)}`);
    }
  }
}
