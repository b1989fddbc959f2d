const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 10_000;

const colored = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const paint = (code) => (text) => (colored ? `\u001b[${code}m${text}\u001b[0m` : text);

/** Text styles; plain text when NO_COLOR is set or the output is no terminal. */
export const style = { bold: paint('1'), dim: paint('2'), red: paint('31'), green: paint('32'), cyan: paint('36') };

/**
 * Shows one step while it runs: a moving line in a terminal, else a plain line at its start, every ten seconds and at its end.
 *
 * @template T
 * @param {string} title what is being done
 * @param {(update: (detail: string) => void) => Promise<T>} work `update` replaces the detail behind the title
 * @returns {Promise<T>} what `work` resolves with
 */
export async function withProgress(title, work) {
  const startedAt = Date.now();
  const step = process.stdout.isTTY ? terminalStep(title, startedAt) : plainStep(title, startedAt);
  try {
    const result = await work(step.update);
    step.end(`${style.green('✓')} ${title} ${style.dim(`(${seconds(startedAt)})`)}`);
    return result;
  } catch (error) {
    step.end(`${style.red('✗')} ${title} ${style.dim(`(${seconds(startedAt)})`)}`);
    throw error;
  }
}

function terminalStep(title, startedAt) {
  let detail = '';
  let frame = 0;
  const draw = () => {
    const line = `${FRAMES[frame++ % FRAMES.length]} ${title} ${seconds(startedAt)} ${detail}`;
    process.stdout.write(`\r\u001b[2K${line.slice(0, (process.stdout.columns || 80) - 1)}`);
  };
  draw();
  const timer = setInterval(draw, FRAME_INTERVAL_MS);
  timer.unref();
  return {
    update: (text) => { detail = text; },
    end: (line) => {
      clearInterval(timer);
      process.stdout.write(`\r\u001b[2K${line}\n`);
    },
  };
}

function plainStep(title, startedAt) {
  let detail = '';
  console.log(`· ${title}`);
  const timer = setInterval(() => console.log(`  ${title} ${seconds(startedAt)} ${detail}`.trimEnd()), PLAIN_INTERVAL_MS);
  timer.unref();
  return {
    update: (text) => { detail = text; },
    end: (line) => {
      clearInterval(timer);
      console.log(line);
    },
  };
}

function seconds(startedAt) {
  return `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
}
