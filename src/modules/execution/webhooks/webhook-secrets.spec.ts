import { describe, expect, it, jest } from '@jest/globals';
import type { PinoLogger } from 'nestjs-pino';
import { ServerSettings, WebhookSettings } from '../../../shared/config/index.js';
import { WebhookSecrets } from './webhook-secrets.service.js';

function secrets(settings: Partial<WebhookSettings>, environment: ServerSettings['environment']): { made: WebhookSecrets; warn: jest.Mock } {
  const warn = jest.fn();
  const made = new WebhookSecrets({ ...new WebhookSettings(), ...settings }, { ...new ServerSettings(), environment }, { warn } as unknown as PinoLogger);
  return { made, warn };
}

describe('the secrets of webhooks', () => {
  it('are none in production without WEBHOOK_SECRET', () => {
    const { made } = secrets({}, 'production');
    expect(() => made.requireOn()).toThrow(expect.objectContaining({ kind: 'forbidden', code: 'WEBHOOKS_OFF' }));
    expect(() => made.of('acme')).toThrow(expect.objectContaining({ code: 'WEBHOOKS_OFF' }));
  });

  it('are known ones in development without it, and one warning says so', () => {
    const { made, warn } = secrets({}, 'development');
    expect(made.of('acme')).toEqual(made.of('acme'));
    expect(made.of('acme')).not.toEqual(made.of('globex'));
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('are two while the server’s secret changes', () => {
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    const [before] = secrets({ secret: first }, 'production').made.of('acme');
    const { made, warn } = secrets({ secret: second, previousSecret: first }, 'production');
    expect(made.of('acme')).toEqual([expect.stringMatching(/^whsec_/), before]);
    expect(made.of('acme')[0]).not.toBe(before);
    expect(warn).not.toHaveBeenCalled();
  });
});
