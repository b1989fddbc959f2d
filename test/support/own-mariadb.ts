import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { freePort } from './free-port.js';
import { waitFor } from './wait-for.js';

/** Every server of this test file: one whose test failed before its end must not outlive it. */
const started = new Set<ChildProcess>();
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** Where MariaDB's server is (Debian: `mariadb-server-core`); undefined when it is not installed. */
export function findMariadb(): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'PATH="$PATH:/usr/sbin" command -v mariadbd'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** A MariaDB server of one test, with the empty database `memo`. */
export class OwnMariadb {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(program: string): Promise<OwnMariadb> {
    const [folder, port] = [mkdtempSync(join(tmpdir(), 'nooble-mariadb-')), await freePort()];
    const base = dirname(dirname(program));
    const own = ['--no-defaults', `--basedir=${base}`, `--datadir=${join(folder, 'data')}`, `--user=${userInfo().username}`];
    execFileSync(join(base, 'bin', 'mariadb-install-db'), [...own, '--auth-root-authentication-method=normal', '--skip-test-db'], { stdio: 'ignore' });
    const place = [`--port=${String(port)}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`];
    const child = spawn(program, [...own, ...place, '--skip-name-resolve', '--innodb-flush-log-at-trx-commit=0'], { stdio: 'ignore' });
    started.add(child);
    const url = `mysql://root@127.0.0.1:${String(port)}`;
    await waitFor('MariaDB', async () => {
      const connection = await createConnection(url);
      await connection.query('CREATE DATABASE IF NOT EXISTS memo');
      await connection.end();
      return true;
    });
    return new OwnMariadb(`${url}/memo`, child, folder);
  }

  async remove(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
