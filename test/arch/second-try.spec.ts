import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

type RunJest = (args: readonly string[]) => Promise<number>;
interface SecondTry {
  readonly withSecondTry: (runJest: RunJest, reportFile: string) => Promise<{ code: number; unstable: string[] }>;
}

const { withSecondTry } = (await import(join(import.meta.dirname, '../../scripts/second-try.mjs'))) as SecondTry;

describe('a second try of what failed, in CI', () => {
  let folder: string;
  let runs: (readonly string[])[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'second-try-'));
    runs = [];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** @param failed files of the first run, undefined when it came to no end @param codes of the runs */
  async function tried(failed: readonly string[] | undefined, ...codes: number[]): Promise<{ code: number; unstable: string[] }> {
    const report = join(folder, 'report.json');
    return withSecondTry((args) => {
      runs.push(args);
      const all = [...(failed ?? []).map((name) => ({ name, status: 'failed' })), { name: '/good.spec.ts', status: 'passed' }];
      if (failed) writeFileSync(report, JSON.stringify({ testResults: all }));
      return Promise.resolve(codes.shift() ?? 0);
    }, report);
  }

  it('does not happen when all passed', async () => {
    expect(await tried([], 0)).toEqual({ code: 0, unstable: [] });
    expect(runs).toHaveLength(1);
  });

  it('is of the failed files alone, which are named when they pass', async () => {
    expect(await tried(['/a.spec.ts', '/b.spec.ts'], 1, 0)).toEqual({ code: 0, unstable: ['/a.spec.ts', '/b.spec.ts'] });
    expect(runs[1]).toEqual(['--runInBand', '--runTestsByPath', '/a.spec.ts', '/b.spec.ts']);
  });

  it('fails when they fail again', async () => {
    expect(await tried(['/a.spec.ts'], 1, 1)).toEqual({ code: 1, unstable: [] });
  });

  it.each([
    ['more than six files failed', ['/a', '/b', '/c', '/d', '/e', '/f', '/g']],
    ['something else than a test failed', []],
    ['jest came to no end', undefined],
  ])('does not happen when %s', async (_, failed) => {
    expect(await tried(failed, 1, 0)).toEqual({ code: 1, unstable: [] });
    expect(runs).toHaveLength(1);
  });
});
