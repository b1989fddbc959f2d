import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { AsyncMemoCache, DiskBackend, JsonFileBackend, MemoCache, type MemoCacheOptions, MemoryBackend, SqliteBackend, type SyncMemoBackend } from '../../src/shared/memo/index.js';
import { keepsTheContract } from '../support/memo-contract.js';

const root = mkdtempSync(join(tmpdir(), 'nooble-memo-'));
const opened: MemoCache[] = [];
let folder = root;
let memory = new MemoryBackend();

function closeAll(): void {
  for (const cache of opened.splice(0)) cache.close();
}

afterAll(() => {
  closeAll();
  rmSync(root, { recursive: true, force: true });
});

const emptyMemory = (): void => {
  memory = new MemoryBackend();
};
keepsTheContract('memory', { open: (options) => new MemoCache(memory, options), empty: emptyMemory, isPersistent: false });
keepsTheContract('memory that answers later', { open: (options) => new AsyncMemoCache(memory, options), empty: emptyMemory, isPersistent: false });

const emptyFolder = (): void => {
  closeAll();
  folder = mkdtempSync(join(root, 'cache-'));
};
const open = (make: () => SyncMemoBackend) => (options?: MemoCacheOptions): MemoCache => {
  const cache = new MemoCache(make(), options);
  opened.push(cache);
  return cache;
};
keepsTheContract('JSON files', { open: open(() => new JsonFileBackend(join(folder, 'json'))), empty: emptyFolder, isPersistent: true });
keepsTheContract('SQLite', { open: open(() => new SqliteBackend({ file: join(folder, 'cache.db') })), empty: emptyFolder, isPersistent: true });
keepsTheContract('the disk', { open: open(() => new DiskBackend({ folder: join(folder, 'disk') })), empty: emptyFolder, isPersistent: true });
