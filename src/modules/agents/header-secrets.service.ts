import { Injectable } from '@nestjs/common';
import { ServerSettings } from '../../shared/config/index.js';
import type { McpServer } from './agent.js';
import { agentErrors } from './agents.errors.js';
import { seal, sealingKey, unseal } from './sealed-text.js';

/** Stands for a secret wherever an agent is shown; sent back in an edit, it keeps the secret. */
export const MASK = '********';

/** A server as somebody describes it: headers in plain text, or masked. */
export interface McpServerInput {
  readonly name: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly tools?: readonly string[] | null | undefined;
}

/**
 * Seals the headers of MCP servers before anything keeps them, and opens them for a connection. What PostgreSQL, Redis and the memories of processes
 * have is sealed, and bound to its tenant, its server's URL and its header: it is of no use anywhere else.
 */
@Injectable()
export class HeaderSecrets {
  private readonly key: Buffer | undefined;

  constructor({ secretsKey }: ServerSettings) {
    this.key = secretsKey === '' ? undefined : sealingKey(secretsKey);
  }

  /**
   * @param before the agent's servers as they are: what is masked is taken from there
   * @throws SECRETS_KEY_MISSING, HEADER_SECRET_UNKNOWN, MCP_SERVER_TWICE (invalid)
   */
  sealed(tenantId: string, servers: readonly McpServerInput[], before: readonly McpServer[]): McpServer[] {
    const twice = servers.find(({ name }, index) => servers.findIndex((other) => other.name.toLowerCase() === name.toLowerCase()) !== index);
    if (twice) throw agentErrors.serverTwice(twice.name);
    return servers.map((server) => ({
      name: server.name,
      url: server.url,
      headers: this.sealedHeaders(tenantId, server, before.find(({ name, url }) => name === server.name && url === server.url)),
      tools: server.tools ? [...server.tools] : null,
    }));
  }

  /** The headers in plain text. @throws HEADER_SECRET_UNREADABLE (invalid) when the key is another one by now */
  opened(tenantId: string, { url, headers }: Pick<McpServer, 'url' | 'headers'>): Record<string, string> {
    const entries = Object.entries(headers).map(([header, sealed]) => {
      const value = this.key && unseal(sealed, this.key, bindingOf(tenantId, url, header));
      if (value === undefined) throw agentErrors.secretUnreadable(header);
      return [header, value] as const;
    });
    return Object.fromEntries(entries);
  }

  private sealedHeaders(tenantId: string, { name, url, headers = {} }: McpServerInput, before: McpServer | undefined): Record<string, string> {
    const key = this.key;
    const entries = Object.entries(headers).map(([header, value]) => {
      if (!key) throw agentErrors.headersNeedKey(name);
      if (value !== MASK) return [header, seal(value, key, bindingOf(tenantId, url, header))] as const;
      const kept = before && Object.hasOwn(before.headers, header) ? before.headers[header] : undefined;
      if (kept === undefined) throw agentErrors.headerUnknown(name, header);
      return [header, kept] as const;
    });
    return Object.fromEntries(entries);
  }
}

/** The servers as they may be shown. */
export function masked(servers: readonly McpServer[]): { name: string; url: string; headers: Record<string, string>; tools: string[] | null }[] {
  return servers.map(({ name, url, headers, tools }) => ({ name, url, headers: Object.fromEntries(Object.keys(headers).map((header) => [header, MASK])), tools: tools && [...tools] }));
}

function bindingOf(tenantId: string, url: string, header: string): string {
  return JSON.stringify([tenantId, url, header]);
}
