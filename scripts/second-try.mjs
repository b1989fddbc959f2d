import { readFileSync } from 'node:fs';

/** More than this is no accident. */
const MOST_FILES = 6;

/**
 * Runs all tests; files that failed are run once more, alone, and named. What fails twice, fails.
 * A machine that others use may stop for seconds, which no deadline of a test foresees: docs/decisions/0063.
 *
 * @param {(args: string[]) => Promise<number>} runJest resolves with jest's exit code
 * @param {string} reportFile where jest may write what it found
 * @returns {Promise<{ code: number, unstable: string[] }>} `unstable`: files that failed beside the others and passed alone
 */
export async function withSecondTry(runJest, reportFile) {
  const code = await runJest(['--json', `--outputFile=${reportFile}`]);
  const failed = code === 0 ? [] : failedFiles(reportFile);
  if (failed.length === 0 || failed.length > MOST_FILES) return { code, unstable: [] };
  const second = await runJest(['--runInBand', '--runTestsByPath', ...failed]);
  return { code: second, unstable: second === 0 ? failed : [] };
}

/** @returns the test files that failed or did not run; none when jest came to no end and left no report */
function failedFiles(reportFile) {
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')).testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  } catch {
    return [];
  }
}
