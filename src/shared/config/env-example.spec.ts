import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { SETTINGS_CLASSES, settingFields } from './index.js';

const EXAMPLE = fileURLToPath(new URL('../../../.env.example', import.meta.url));
const VARIABLE = /^([A-Z][A-Z0-9_]*)=(.*)$/;

interface Entry {
  readonly variable: string;
  readonly value: string;
  readonly isExplained: boolean;
}

/** Comment lines, then `NAME=default`; empty lines between. Anything else is a fault. */
function parse(text: string): { entries: Entry[]; faults: string[] } {
  const [entries, faults] = [[] as Entry[], [] as string[]];
  let isExplained = false;
  for (const line of text.split(/\r?\n/)) {
    const [, variable, value] = VARIABLE.exec(line) ?? [];
    if (variable !== undefined && value !== undefined) entries.push({ variable, value, isExplained });
    else if (line !== '' && !line.startsWith('#')) faults.push(line);
    isExplained = line.startsWith('#');
  }
  return { entries, faults };
}

const declared = (): Entry[] =>
  SETTINGS_CLASSES.flatMap((topic) => [...settingFields(topic)].map(([variable, { field }]) => ({ variable, value: String(Reflect.get(new topic(), field)), isExplained: true })));

describe('.env.example', () => {
  it('names exactly the variables of the settings, in their order, each explained, with its default', () => {
    const { entries, faults } = parse(readFileSync(EXAMPLE, 'utf8'));
    expect(faults).toEqual([]);
    expect(entries).toEqual(declared());
  });
});

describe('what its test reads', () => {
  it('is variables with their defaults, and whether a comment stands right above', () => {
    expect(parse('# Topic\n\n# Why.\nA_1=x=y\nB=\n\nC=3\n')).toEqual({
      entries: [
        { variable: 'A_1', value: 'x=y', isExplained: true },
        { variable: 'B', value: '', isExplained: false },
        { variable: 'C', value: '3', isExplained: false },
      ],
      faults: [],
    });
  });

  it('refuses every other line', () => {
    expect(parse('lower=1\nexport A=1\nA = 1\n').faults).toEqual(['lower=1', 'export A=1', 'A = 1']);
  });
});
