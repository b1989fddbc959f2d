import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transform } from '@swc/core';
import { runCommand } from '../support/command-line.js';
import { OwnMariadb, findMariadb } from '../support/own-mariadb.js';
import { type TestDatabase, createEmptyDatabase, emptyRedis, redisUrl } from '../support/services.js';

const REPOSITORY = join(import.meta.dirname, '../..');
/** What the guide calls `..`. */
const BUILT = join(REPOSITORY, 'dist');
const guide = readFileSync(join(REPOSITORY, 'docs/memo.md'), 'utf8');
const blocks = [...guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({ language, code: code! }));
const scripts = blocks.filter(({ language }) => language === 'ts');
const state = join(REPOSITORY, '.nooble');
mkdirSync(state, { recursive: true });
// Inside the repository, so that libraries are found.
const root = mkdtempSync(join(state, 'memo-guide-'));

/** What the guide names, and what this run has. */
const places = new Map<string, string>();
let database: TestDatabase;
let mariadb: OwnMariadb | undefined;

beforeAll(async () => {
  database = await createEmptyDatabase();
  (await emptyRedis()).disconnect();
  const program = findMariadb();
  if (program !== undefined) mariadb = await OwnMariadb.start(program);
  places.set('postgres://user:password@localhost:5432/mydb', database.url);
  places.set('redis://localhost:6379', redisUrl);
  places.set('mysql://user:password@localhost:3306/mydb', mariadb?.url ?? '');
}, 60_000);

afterAll(async () => {
  await Promise.all([database.drop(), mariadb?.remove()]);
  rmSync(root, { recursive: true, force: true });
});

/** What a block prints, in a process and a folder of its own. */
async function printed(code: string, folder = mkdtempSync(join(root, 'block-'))): Promise<string[]> {
  const here = [...places].reduce((text, [named, real]) => text.replaceAll(named, real), code.replaceAll("from '../", `from '${BUILT}/`));
  const { code: script } = await transform(here, { configFile: join(REPOSITORY, '.swcrc'), sourceMaps: false, filename: 'block.ts' });
  writeFileSync(join(folder, 'block.mjs'), script);
  const { stdout } = await promisify(execFile)(process.execPath, ['block.mjs'], { cwd: folder, timeout: 20_000 });
  return stdout.split('\n').slice(0, -1);
}

describe('the guide', () => {
  it('has nothing but code that is run', () => {
    expect(blocks.length).toBeGreaterThan(15);
    expect(blocks.filter(({ language }) => language !== 'ts' && language !== 'bash')).toEqual([]);
  });

  it.each(scripts.map(({ code }, i) => [`${String(i + 1)}: ${code.split('\n').find((line) => line.startsWith('const') || line.startsWith('class')) ?? ''}`, code]))('prints what it says, block %s', async (_, code) => {
    // MariaDB must be there in CI; elsewhere its block needs it to be installed.
    if (code.includes('mysql://') && mariadb === undefined && process.env['CI'] === undefined) return;
    const said = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
    expect(said.length).toBeGreaterThan(0);
    expect(await printed(code)).toEqual(said);
  });

  it('shows what the command line says of the cache that the block before has made', async () => {
    const at = blocks.findIndex(({ language }) => language === 'bash');
    expect(blocks.slice(at + 1).filter(({ language }) => language === 'bash')).toEqual([]);
    const folder = mkdtempSync(join(root, 'commands-'));
    await printed(blocks[at - 1]!.code, folder);
    const here = process.cwd();
    process.chdir(folder);
    try {
      for (const [, line = '', said = ''] of blocks[at]!.code.matchAll(/^npm run -s nooble -- (.*)\n((?:# → .*\n)+)/gm)) {
        const { stdout, stderr } = await runCommand(line.split(' '), 120);
        expect(`${line}\n${stdout}${stderr}`).toBe(`${line}\n${said.replaceAll('# → ', '')}`);
      }
    } finally {
      process.chdir(here);
    }
  });
});
