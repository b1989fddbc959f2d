import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { absentIfMissing } from './json-file-backend.js';

/** A file that no row names is removed when it is older than this, milliseconds: younger ones may get their row yet. */
const ORPHAN_AGE_MS = 3_600_000;

/** The files of a disk cache. Each is written once, under a name that no other has; a row that names it makes it count. */
export class DiskFiles {
  private readonly root: string;

  constructor(folder: string) {
    this.root = join(folder, 'files');
  }

  /** @returns the file's name */
  write(bytes: Uint8Array): string {
    const id = randomUUID();
    const name = `${id.slice(0, 2)}/${id}`;
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes, { flag: 'wx' });
    return name;
  }

  /** Undefined when the entry was replaced or removed meanwhile. */
  read(name: string): Buffer | undefined {
    return absentIfMissing(() => readFileSync(join(this.root, name)));
  }

  remove(name: string): void {
    rmSync(join(this.root, name), { force: true });
  }

  /** Removes what killed processes have left. @param isNamed whether a row names a file */
  removeOrphans(isNamed: (name: string) => boolean): void {
    mkdirSync(this.root, { recursive: true });
    for (const name of readdirSync(this.root, { recursive: true, encoding: 'utf8' })) {
      const stat = absentIfMissing(() => statSync(join(this.root, name)));
      if (stat?.isFile() === true && Date.now() - stat.mtimeMs > ORPHAN_AGE_MS && !isNamed(name)) this.remove(name);
    }
  }
}
