import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { signedHeaders, tenantSecret } from './webhook-signature.js';

const SERVER = 'a server secret of more than 32 characters';
const part = (timestamp = Math.floor(Date.now() / 1_000)) => ({ id: 'd1', timestamp, body: '{"a":"é"}' });

describe('a signature', () => {
  it('is the one that Standard Webhooks gives as an example', () => {
    const headers = signedHeaders(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' });
    expect(headers).toEqual({ 'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek', 'webhook-timestamp': '1614265330', 'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=' });
  });

  it('is verified with the tenant’s secret, and with no other', () => {
    const headers = signedHeaders([tenantSecret(SERVER, 'acme')], part());
    expect(new Webhook(tenantSecret(SERVER, 'acme')).verify(part().body, headers)).toEqual({ a: 'é' });
    for (const other of [tenantSecret(SERVER, 'globex'), tenantSecret(`${SERVER}!`, 'acme')]) expect(() => new Webhook(other).verify(part().body, headers)).toThrow();
  });

  it('holds for the body, the id and the time that it was made for', () => {
    const verifier = new Webhook(tenantSecret(SERVER, 'acme'));
    const { body, ...signed } = part();
    const headers = signedHeaders([tenantSecret(SERVER, 'acme')], { ...signed, body });
    expect(() => verifier.verify('{"a":"e"}', headers)).toThrow();
    expect(() => verifier.verify(body, { ...headers, 'webhook-id': 'd2' })).toThrow();
    expect(() => verifier.verify(body, { ...headers, 'webhook-timestamp': String(signed.timestamp - 1) })).toThrow();
  });

  it('is there for the old and the new secret while they change', () => {
    const [now, before] = [tenantSecret(SERVER, 'acme'), tenantSecret('the one before, which is as long as that', 'acme')];
    const headers = signedHeaders([now, before], part());
    for (const secret of [now, before]) expect(new Webhook(secret).verify(part().body, headers)).toBeDefined();
  });
});

describe('the code of docs/webhooks.md', () => {
  const [, source = ''] = /```js\n(.*?)```/s.exec(readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8')) ?? [];
  const verifier = async (): Promise<(secret: string, headers: Record<string, string>, body: string) => unknown> =>
    ((await import(`data:text/javascript,${encodeURIComponent(source)}`)) as { verify: (secret: string, headers: Record<string, string>, body: string) => unknown }).verify;
  const secret = tenantSecret(SERVER, 'acme');

  it('takes what is signed with the secret, also beside another signature', async () => {
    const verify = await verifier();
    expect(verify(secret, signedHeaders([secret], part()), part().body)).toEqual({ a: 'é' });
    expect(verify(secret, signedHeaders([tenantSecret(SERVER, 'globex'), secret], part()), part().body)).toEqual({ a: 'é' });
  });

  it('refuses everything else', async () => {
    const verify = await verifier();
    const headers = signedHeaders([secret], part());
    const old = part(part().timestamp - 301);
    expect(() => verify(secret, signedHeaders([tenantSecret(SERVER, 'globex')], part()), part().body)).toThrow('not signed');
    expect(() => verify(secret, headers, '{}')).toThrow('not signed');
    expect(() => verify(secret, { ...headers, 'webhook-signature': 'v1,AAAA v2' }, part().body)).toThrow('not signed');
    expect(() => verify(secret, signedHeaders([secret], old), old.body)).toThrow('too old');
    expect(() => verify(secret, {}, part().body)).toThrow('too old');
  });
});

describe('a tenant’s secret', () => {
  it('is 32 bytes, always the same, and each tenant’s own', () => {
    const secrets = ['acme', 'acme', 'globex', 'acme2'].map((tenantId) => tenantSecret(SERVER, tenantId));
    expect(secrets[0]).toBe(secrets[1]);
    expect(new Set(secrets).size).toBe(3);
    expect(Buffer.from(secrets[0]!.replace('whsec_', ''), 'base64')).toHaveLength(32);
  });
});
