import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { ServerSettings, WebhookSettings } from '../../../shared/config/index.js';
import { tenantSecret } from './webhook-signature.js';
import { webhookErrors } from './webhooks.errors.js';

/** Signs where nobody has set WEBHOOK_SECRET, never in production. Everybody knows it. */
const DEVELOPMENT_SECRET = 'a secret for development that everybody can read';

/** What webhooks are signed with: a secret for each tenant, which follows from the server's. */
@Injectable()
export class WebhookSecrets {
  private hasWarned = false;

  constructor(
    private readonly settings: WebhookSettings,
    private readonly server: ServerSettings,
    private readonly logger: PinoLogger,
  ) {}

  /** @throws WEBHOOKS_OFF (forbidden) in production without WEBHOOK_SECRET */
  requireOn(): void {
    if (this.settings.secret !== '') return;
    if (this.server.environment === 'production') throw webhookErrors.off();
    if (!this.hasWarned) this.logger.warn('WEBHOOK_SECRET is not set: webhooks are signed with a secret that everybody knows. In production they are off without it.');
    this.hasWarned = true;
  }

  /** The newest first; a second one while the server's secret is being changed. @throws WEBHOOKS_OFF (forbidden) */
  of(tenantId: string): [current: string, ...previous: string[]] {
    this.requireOn();
    const { secret, previousSecret } = this.settings;
    const current = tenantSecret(secret === '' ? DEVELOPMENT_SECRET : secret, tenantId);
    return previousSecret === '' ? [current] : [current, tenantSecret(previousSecret, tenantId)];
  }
}
