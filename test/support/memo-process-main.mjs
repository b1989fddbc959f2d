// A process that writes entries into a folder until it is killed: [json | sqlite | disk] [folder] [name]. Prints a line for each hundred.
import { join } from 'node:path';
import { DiskBackend, JsonFileBackend, MemoCache, SqliteBackend } from '../../dist/shared/memo/index.js';

const [kind, folder, name] = process.argv.slice(2);
const BACKENDS = { json: () => new JsonFileBackend(folder), sqlite: () => new SqliteBackend({ file: join(folder, 'cache.db') }), disk: () => new DiskBackend({ folder }) };
const cache = new MemoCache(BACKENDS[kind]());

for (let i = 0; ; i++) {
  // Large enough to be a file, a few pages, or more than one write.
  cache.set('f', { x: i % 20 }, { output: { name, i, text: String.fromCharCode(33 + (i % 90)).repeat(200_000 - i % 7), noise: Array.from({ length: 4_000 }, () => Math.random()) } });
  if (i % 10 === 9) process.stdout.write(`${i}\n`);
}
