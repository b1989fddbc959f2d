import { hash } from 'node:crypto';
import { canonicalText } from '../values/canonical-text.js';

/** Digits of the greatest 128-bit number, and one to spare. @source AgentHeaven 0.9.2: files and rows are named by 40 digits */
const DIGITS = 40;

/** What an entry is found by. Equality is that of {@link text}; {@link id} is its short name in files, rows, and keys. */
export class EntryKey {
  private name: string | undefined;

  /** @param text the inputs' canonical text, `||`, and the function's name as JSON */
  constructor(readonly text: string) {}

  static of(func: string, inputs: Readonly<Record<string, unknown>>): EntryKey {
    return new EntryKey(`${canonicalText(inputs)}||${JSON.stringify(func)}`);
  }

  /** MD5 of the text, as 40 decimal digits. Made when it is first asked for: memory does without. */
  get id(): string {
    this.name ??= BigInt(`0x${hash('md5', this.text, 'hex')}`).toString().padStart(DIGITS, '0');
    return this.name;
  }

  /** The same as a number. */
  get number(): bigint {
    return BigInt(this.id);
  }
}
