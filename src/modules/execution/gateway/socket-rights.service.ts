import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { toAppError } from '../../../shared/errors/index.js';
import { AuthenticationService, type CredentialChange, CredentialChanges, type Principal } from '../../tenancy/index.js';
import { gatewayErrors } from './gateway.errors.js';
import { CLOSE, type SocketConnection } from './socket-connection.js';

/** Sockets stay open only as long as what they were let in with holds: whatever is changed of a key or a tenant is looked at again at once, in every process. docs/decisions/0044 */
@Injectable()
export class SocketRights implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly open = new Set<SocketConnection>();
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly authentication: AuthenticationService,
    private readonly changes: CredentialChanges,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.changes.listen((change) => {
      for (const connection of this.open) if (concerns(change, connection.owner.principal)) void this.check(connection);
    });
  }

  onApplicationShutdown(): void {
    this.stopListening?.();
  }

  /** From now on the socket is looked after; what has changed since it was let in is found, too. */
  async add(connection: SocketConnection): Promise<void> {
    this.open.add(connection);
    await this.check(connection);
  }

  remove(connection: SocketConnection): void {
    this.open.delete(connection);
  }

  /** Closes the socket unless its key opens one like it still. While nobody can tell it stays open. */
  async check(connection: SocketConnection): Promise<void> {
    const { principal } = connection.owner;
    try {
      const { tier, tenantId } = await this.authentication.renew(principal);
      if (tier !== principal.tier) throw gatewayErrors.tierChanged(tenantId, tier);
    } catch (error) {
      const { code, isRetryable } = toAppError(error);
      if (!isRetryable && connection.isOpen) connection.refuse(error, CLOSE.policyViolation, code);
    }
  }
}

function concerns(change: CredentialChange, { key, tenantId }: Principal): boolean {
  if (change.kind === 'all') return true;
  return change.kind === 'key' ? change.hash === key?.hash : change.tenantId === tenantId;
}
