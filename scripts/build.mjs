import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError } from './command.mjs';
import { projectDir } from './paths.mjs';
import { runToEnd } from './processes.mjs';
import { withProgress } from './progress.mjs';

const SOURCES = ['src', 'migrations', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];
const stampFile = join(projectDir, 'dist', '.sources');

/**
 * Compiles src/ to dist/ when a source changed since the last build.
 *
 * @param {{ force?: boolean, signal?: AbortSignal }} [options] `force` builds in any case
 */
export async function ensureBuild({ force = false, signal } = {}) {
  const fingerprint = sourcesFingerprint();
  if (!force && existsSync(join(projectDir, 'dist', 'main.js')) && readStamp() === fingerprint) return;
  await withProgress('Building', async () => {
    const node = join(projectDir, 'node_modules', '.bin', 'node');
    const nest = join(projectDir, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
    const { code, output } = await runToEnd(node, [nest, 'build'], { cwd: projectDir, signal });
    if (code === 0) return;
    process.stderr.write(`\n${output.trim()}\n`);
    throw new CommandError('The build failed: see the compiler output above.');
  });
  writeFileSync(stampFile, fingerprint);
}

function readStamp() {
  return existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
}

/** Names, sizes and times of all sources: also a removed file makes it differ. */
function sourcesFingerprint() {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap(filesUnder).sort()) {
    const { size, mtimeMs } = statSync(join(projectDir, file));
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function filesUnder(path) {
  const fullPath = join(projectDir, path);
  if (!existsSync(fullPath)) return [];
  if (statSync(fullPath).isFile()) return [path];
  return readdirSync(fullPath, { withFileTypes: true }).flatMap((entry) => filesUnder(join(path, entry.name)));
}
