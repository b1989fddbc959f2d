import { createHmac } from 'node:crypto';

/** What a secret begins with, so that it is known for one. */
const PREFIX = 'whsec_';

/**
 * A tenant's secret, which nobody has to keep: it follows from the server's.
 *
 * @returns as Standard Webhooks writes it: `whsec_` and 32 bytes in Base64
 * @source https://www.standardwebhooks.com, section "Signature scheme"
 */
export function tenantSecret(serverSecret: string, tenantId: string): string {
  return PREFIX + createHmac('sha256', serverSecret).update(`nooble.webhook.v1:${tenantId}`).digest('base64');
}

/** One delivery, as it is signed. */
export interface SignedPart {
  /** The same in all tries. */
  readonly id: string;
  /** Of this try, Unix seconds. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers of Standard Webhooks; a receiver takes the delivery if one of the signatures is right. */
export function signedHeaders(secrets: readonly string[], { id, timestamp, body }: SignedPart): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
}
