import { existsSync, readFileSync } from 'node:fs';
import { basename, delimiter, join, relative } from 'node:path';
import { CommandError } from './command.mjs';
import { projectDir } from './paths.mjs';
import { withProgress } from './progress.mjs';
import { runToEnd } from './processes.mjs';

/**
 * Installs a package's dependencies as its lock file has them, unless they are there already.
 * npm keeps a lock file of what it installed in node_modules, written when an installation is complete: that is compared.
 *
 * @param {string} packageDir folder with package.json and package-lock.json
 * @param {AbortSignal} [signal] ends the installation
 */
export async function ensureDependencies(packageDir, signal) {
  if (areInstalled(packageDir)) return;
  const total = Object.keys(packagesOf(join(packageDir, 'package-lock.json')) ?? {}).length;
  const where = relative(projectDir, packageDir);
  await withProgress(`Installing dependencies${where && ` of ${where}`}`, async (update) => {
    let fetched = 0;
    const onLine = (line) => {
      if (/ http (fetch|cache) .*\.tgz/.test(line)) update(`${++fetched} packages of about ${total}`);
    };
    const [program, ...args] = npmCommand();
    // `npm ci` takes a lock file for broken that lacks optional packages of other platforms, which peers of the benches have; `install` follows it all the same.
    const flags = [where === 'bench' ? 'install' : 'ci', '--no-audit', '--no-fund', '--loglevel=http'];
    const { code, output } = await runToEnd(program, [...args, ...flags], { cwd: packageDir, env: cleanEnv(), onLine, signal });
    if (code !== 0) throw new CommandError(`npm ${flags[0]} failed: ${npmFailure(output)}`);
  });
}

/** npm runs as it was called; its own Node, as the one in node_modules is about to be replaced. */
function npmCommand() {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  return npm && node && basename(npm) === 'npm-cli.js' && existsSync(node) ? [node, npm] : ['npm'];
}

/** Without the settings of an npm that runs this command, and without programs from node_modules. */
function cleanEnv() {
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_(config_(?!registry|cache|userconfig)|package_|lifecycle_)/.test(name));
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules')).join(delimiter);
  return { ...Object.fromEntries(entries), PATH: path };
}

/** npm says more than a person needs: its first two errors that are more than a code. */
function npmFailure(output) {
  const errors = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line)).map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  return errors.filter((line) => line && !line.startsWith('code ')).slice(0, 2).join(' ') || 'run it by hand to see why.';
}

function areInstalled(packageDir) {
  const wanted = packagesOf(join(packageDir, 'package-lock.json'));
  const installed = packagesOf(join(packageDir, 'node_modules', '.package-lock.json'));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([path, entry]) => isInstalled(packageDir, path, entry, installed[path]));
}

function isInstalled(packageDir, path, wanted, installed) {
  if (path === '' || wanted.link) return true;
  if (!installed) return Boolean(wanted.optional || wanted.devOptional || wanted.peer);
  return installed.version === wanted.version && existsSync(join(packageDir, path));
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
