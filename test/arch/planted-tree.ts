import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The repository's root. */
export const REPOSITORY = join(import.meta.dirname, '..', '..');

/** Path → content, relative to the root of a tree. */
export type Files = Readonly<Record<string, string>>;

/**
 * A throw-away tree with the repository's tsconfig.json.
 *
 * @param libraries  `installed`: the real node_modules; a list: empty packages of these names and no others
 */
export async function plantTree(files: Files, libraries: 'installed' | readonly string[]): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'nooble-arch-')));
  await copyFile(join(REPOSITORY, 'tsconfig.json'), join(root, 'tsconfig.json'));
  const planted: Record<string, string> = { 'package.json': '{ "type": "module" }', ...files };
  if (libraries === 'installed') await symlink(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  else for (const name of libraries) planted[`node_modules/${name}/index.js`] = 'export {};\n';
  for (const [path, content] of Object.entries(planted)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** Removes what `plantTree` made. */
export async function removeTree(root: string): Promise<void> {
  await rm(root, { recursive: true, force: true });
}

/**
 * Runs an installed tool inside a planted tree, as `npm run lint` does in the repository.
 *
 * @param bin  path below node_modules
 * @returns what it printed as JSON, whatever its exit code: finding something is no failure here
 * @throws when the tool printed no JSON, with what it said instead
 */
export async function runTool<T>(root: string, bin: string, args: readonly string[]): Promise<T> {
  const tool = join(REPOSITORY, 'node_modules', bin);
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  const printed = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [tool, ...args], options, (_error, stdout, stderr) => { resolve({ stdout, stderr }); });
  });
  try {
    return JSON.parse(printed.stdout) as T;
  } catch (cause) {
    throw new Error(`${bin} printed no JSON: ${printed.stdout.slice(0, 500)} ${printed.stderr.slice(0, 2000)}`, { cause });
  }
}
