import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';

const SCRIPT = join(import.meta.dirname, '../../scripts/audit.mjs');

interface Outcome {
  readonly code: number;
  readonly output: string;
}

describe('the audit of dependencies', () => {
  let server: Server | undefined;
  /** npm remembers what it was told of an advisory. */
  const cache = mkdtempSync(join(tmpdir(), 'audit-'));

  afterAll(() => {
    rmSync(cache, { recursive: true });
  });

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** Runs it against a registry that answers so. */
  const audit = async (answer: (response: ServerResponse) => void): Promise<Outcome> => {
    const registry = (server = createServer((request, response) => {
      request.resume();
      if (request.url?.includes('/advisories/bulk')) answer(response);
      else response.writeHead(404).end('{}');
    }).listen(0, '127.0.0.1'));
    await once(registry, 'listening');
    const address = `http://127.0.0.1:${String((registry.address() as AddressInfo).port)}/`;
    return new Promise((resolve) => {
      execFile(process.execPath, [SCRIPT], { env: { ...process.env, npm_config_registry: address, npm_config_fetch_retries: '0', npm_config_cache: cache } }, (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, output: out + err });
      });
    });
  };
  const advisory = (severity: string): string => JSON.stringify({ ws: [{ id: severity.length, url: 'https://advisories.example/1', title: 'Listens too much', severity, vulnerable_versions: '*', cwe: [], cvss: { score: 9, vectorString: null } }] });

  it('counts what was compared when nothing is known', async () => {
    expect(await audit((response) => void response.end('{}'))).toEqual({ code: 0, output: expect.stringMatching(/^\d{3} packages, no known holes\.\n$/) });
  });

  it('fails on a high one, by its name', async () => {
    expect(await audit((response) => void response.end(advisory('high')))).toEqual({ code: 1, output: expect.stringMatching(/Known holes: .*ws \(high: Listens too much\)/) });
  });

  it('names a low one, and passes', async () => {
    expect(await audit((response) => void response.end(advisory('low')))).toEqual({ code: 0, output: expect.stringMatching(/none high or critical, lesser ones in .*ws/) });
  });

  it('says what it could not reach, and passes', async () => {
    expect(await audit((response) => void response.writeHead(405).end())).toEqual({ code: 0, output: expect.stringMatching(/NOT CHECKED: the advisories of http:\/\/127\.0\.0\.1:\d+\/ cannot be reached \(405 .*\)\. \d{3} packages have not been compared/) });
  });
});
