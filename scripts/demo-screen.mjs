import { style } from './progress.mjs';

const DETAIL_LENGTH = 100;
let isInText = false;

/** Prints a heading. */
export function showHeading(text) {
  endText();
  console.log(`\n${style.bold(text)}`);
}

/** Prints a fact: a name and its value. */
export function showFact(name, value) {
  endText();
  console.log(`  ${style.dim(name.padEnd(14))} ${value}`);
}

/** Prints something worth a line of its own. */
export function showNotice(text) {
  endText();
  console.log(`  ${style.cyan(text)}`);
}

/** Prints an execution event; the words of the answer as they come, anything else as a line. */
export function showEvent({ seq, type, data }) {
  if (type === 'message.delta') {
    if (!isInText) process.stdout.write(`  ${style.green('agent')}  `);
    isInText = true;
    process.stdout.write(data.text);
    return;
  }
  endText();
  console.log(style.dim(`  ${String(seq).padStart(5)}  ${type.padEnd(20)} ${summaryOf(data)}`.trimEnd()));
}

/** Ends the line of an answer that is being printed. */
export function endText() {
  if (isInText) process.stdout.write('\n');
  isInText = false;
}

function summaryOf(data) {
  const { content, messageId, ...rest } = data ?? {};
  const text = JSON.stringify(rest);
  if (text === '{}') return '';
  return text.length > DETAIL_LENGTH ? `${text.slice(0, DETAIL_LENGTH)}…` : text;
}
