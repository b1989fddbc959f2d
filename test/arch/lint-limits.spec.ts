import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { plantTree, removeTree, REPOSITORY, runTool } from './planted-tree.js';

const lines = (count: number, line: string): string => `${line}\n`.repeat(count);
const body = (count: number): string => `{\n${lines(count - 2, '  void 0;')}}\n`;
const branches = (count: number): string => lines(count, '  if (a) return 1;');

/** [what, file, source, the rules that must fire there and no others]. */
type Case = [what: string, file: string, source: string, ...rules: string[]];
const FREE = 'src/modules/agents';

const CASES: Case[] = [
  ['301 lines', `${FREE}/a01.ts`, lines(301, 'void 0;'), 'max-lines'],
  ['300 lines', `${FREE}/a02.ts`, lines(300, 'void 0;')],
  ['301 lines in a spec', `${FREE}/a03.spec.ts`, lines(301, 'void 0;'), 'max-lines'],
  ['a function of 51 lines', `${FREE}/a04.ts`, `export function a(): void ${body(51)}`, 'max-lines-per-function'],
  ['a function of 50 lines', `${FREE}/a05.ts`, `export function a(): void ${body(50)}`],
  ['a long callback in a spec', `${FREE}/a06.spec.ts`, `[1].map(() => ${body(80).trim()});\n`],
  ['a long function in test/support', 'test/support/a07.ts', `export function a(): void ${body(51)}`, 'max-lines-per-function'],
  ['5 parameters', `${FREE}/a08.ts`, 'export const a = (b: 1, c: 1, d: 1, e: 1, f: 1): number => b + c + d + e + f;\n', 'no-restricted-syntax'],
  ['5 parameters of a method', `${FREE}/a09.ts`, 'export class A { b(c: 1, d: 1, e: 1, f: 1, g: 1): number { return c + d + e + f + g; } }\n', 'no-restricted-syntax'],
  ['5 parameters of a port', `${FREE}/a10.ts`, 'export abstract class A { abstract b(c: 1, d: 1, e: 1, f: 1, g: 1): number; }\n', 'no-restricted-syntax'],
  ['4 parameters', `${FREE}/a11.ts`, 'export const a = (b: 1, c: 1, d: 1, e: 1): number => b + c + d + e;\n'],
  ['6 constructor parameters', `${FREE}/a12.ts`, 'export class A { constructor(readonly b: 1, readonly c: 1, readonly d: 1, readonly e: 1, readonly f: 1, readonly g: 1) {} }\n'],
  ['7 constructor parameters', `${FREE}/a13.ts`, 'export class A { constructor(readonly b: 1, readonly c: 1, readonly d: 1, readonly e: 1, readonly f: 1, readonly g: 1, readonly h: 1) {} }\n', 'no-restricted-syntax'],
  ['complexity 11', `${FREE}/a14.ts`, `export function f(a: boolean): number {\n${branches(10)}  return 0;\n}\n`, 'complexity'],
  ['complexity 10', `${FREE}/a15.ts`, `export function f(a: boolean): number {\n${branches(9)}  return 0;\n}\n`],
  ['any', `${FREE}/a16.ts`, 'export const a: any[] = [];\n', '@typescript-eslint/no-explicit-any'],
  ['a floating promise', `${FREE}/a17.ts`, 'Promise.resolve(1);\n', '@typescript-eslint/no-floating-promises'],
  ['a switch that forgets a member', `${FREE}/a18.ts`, "export function f(a: 'x' | 'y'): number {\n  switch (a) {\n    case 'x': return 1;\n    default: return 0;\n  }\n}\n", '@typescript-eslint/switch-exhaustiveness-check'],
  ['an exported function without its type', `${FREE}/a19.ts`, 'export const a = () => 1;\n', '@typescript-eslint/explicit-module-boundary-types'],
  ['a default export', `${FREE}/a20.ts`, 'export default 1;\n', 'no-restricted-syntax'],
  ['a default export by name', `${FREE}/a21.ts`, 'const a = 1;\nexport { a as default };\n', 'no-restricted-syntax'],
  ['a default export of a config file', 'some.config.js', 'export default {};\n'],
  ['a default export for jest', 'test/support/global-setup.ts', 'export default (): number => 1;\n'],
  ['new Error', `${FREE}/a22.ts`, "export const a = new Error('no');\n", 'no-restricted-syntax'],
  ['throw new TypeError', `${FREE}/a23.ts`, "export function a(): never { throw new TypeError('no'); }\n", 'no-restricted-syntax'],
  ['new Error in a spec', `${FREE}/a24.spec.ts`, "void new Error('fake');\n"],
  ['a bare fetch', `${FREE}/a25.ts`, "export const a = (): Promise<unknown> => fetch('http://x');\n", 'no-restricted-globals'],
  ['globalThis.fetch', `${FREE}/a26.ts`, "export const a = (): Promise<unknown> => globalThis.fetch('http://x');\n", 'no-restricted-properties'],
  ['fetch in a model file', 'src/modules/execution/chat.model.ts', "export const a = (): Promise<unknown> => fetch('http://x');\n"],
  ['fetch in models/', 'src/modules/execution/models/provider.ts', "export const a = (): Promise<unknown> => fetch('http://x');\n"],
  ['fetch in shared/outbound', 'src/shared/outbound/outgoing.ts', "export const a = (): Promise<unknown> => fetch('http://x');\n"],
  ['process.env', `${FREE}/a27.ts`, 'export const a = process.env.A;\n', 'no-restricted-properties'],
  ['a destructured process.env', `${FREE}/a28.ts`, 'export const { env } = process;\n', 'no-restricted-properties'],
  ['an imported env', `${FREE}/a29.ts`, "import { env } from 'node:process';\nexport const a = env['A'];\n", 'no-restricted-imports'],
  ['process.env in shared/config', 'src/shared/config/settings.ts', 'export const a = process.env.A;\n'],
  ['a non-null assertion', `${FREE}/a30.ts`, 'export const a = (b: string[]): string => b[0]!;\n', '@typescript-eslint/no-non-null-assertion'],
  ['a non-null assertion in a spec', `${FREE}/a31.spec.ts`, 'export const a = (b: string[]): string => b[0]!;\n'],
  ['a Nest module without members', `${FREE}/a32.module.ts`, "import { Module } from '@nestjs/common';\n@Module({})\nexport class AgentsModule {}\n"],
  ['an async port method without await', `${FREE}/a33.ts`, 'export class A { async b(): Promise<number> { return 1; } }\n'],
  ['a disabled rule that was not needed', `${FREE}/a34.ts`, '// eslint-disable-next-line complexity\nexport const a = 1;\n', '(directive)'],
  ['an unused parameter', `${FREE}/a35.ts`, 'export const a = (b: 1): number => 1;\n', '@typescript-eslint/no-unused-vars'],
  ['a parameter unused on purpose', `${FREE}/a36.ts`, 'export const a = (_b: 1): number => 1;\n'],
  ["handing on a signal's reason", `${FREE}/a37.ts`, 'export const a = (b: AbortSignal): Promise<void> => new Promise((_, reject) => { reject(b.reason); });\n'],
  ['a default export in test/support', 'test/support/a38.ts', 'export default 1;\n', 'no-restricted-syntax'],
  ['new Error, fetch and process.env in test/support', 'test/support/a39.ts', "export const a = [new Error('fake'), fetch('http://x'), process.env.A];\n"],
  ['an answer read from the wire in a spec', `${FREE}/a40.spec.ts`, "const a = JSON.parse('{}');\nString.raw(a.b, a);\nvoid [JSON.parse].map(String.prototype.trim);\n"],
  ['a long script', 'scripts/a.mjs', lines(301, 'console.log(process.pid);'), 'max-lines'],
  ['an unknown name in a bench', 'bench/b.mjs', 'notThere();\n', 'no-undef'],
];

/** ESLint's number; a warning stops nobody. */
const ERROR = 2;

interface Linted { filePath: string; messages: { ruleId: string | null; message: string; severity: number }[] }

describe('the limits', () => {
  const fired = new Map<string, string[]>();
  beforeAll(async () => {
    const root = await plantTree(Object.fromEntries(CASES.map(([, file, source]) => [file, source])), 'installed');
    try {
      const config = join(REPOSITORY, 'eslint.config.js');
      for (const { filePath, messages } of await runTool<Linted[]>(root, 'eslint/bin/eslint.js', ['.', '--config', config, '--format', 'json'])) {
        const rules = messages.filter(({ severity }) => severity === ERROR).map(({ ruleId, message }) => ruleId ?? (message.startsWith('Unused eslint-disable') ? '(directive)' : message));
        fired.set(filePath.slice(root.length + 1), [...new Set(rules)].sort());
      }
    } finally {
      await removeTree(root);
    }
  });

  it.each(CASES.map(([what, file, , ...rules]) => ({ what, file, rules })))('$what in $file: $rules', ({ file, rules }) => {
    expect(fired.get(file)).toEqual(rules);
  });
});
