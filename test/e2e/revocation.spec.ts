import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { ADMIN_KEY, Keyring, type ShownKey } from '../support/keyring.js';
import { ServerProcess } from '../support/server-process.js';
import { redisUrl } from '../support/services.js';
import { type TestApp, startTestApp } from '../support/test-app.js';
import { TestSocket } from '../support/test-socket.js';
import { waitFor } from '../support/wait-for.js';

const KEYS = '/api/v1/admin/api-keys';
const SETTINGS = { AUTH_MODE: 'keys', NOOBLE_ADMIN_KEY: ADMIN_KEY, SOCKET_PING_SECONDS: '1' };

/** One server in this process, and one in a process of its own. What is ended in the first is over in the second. */
describe('what is ended in one process', () => {
  let nooble: TestApp;
  let ring: Keyring;
  let other: string;
  let tenant: string;
  let tenants = 0;

  beforeAll(async () => {
    nooble = await startTestApp(SETTINGS);
    ring = new Keyring(nooble.url);
    other = await (await ServerProcess.start({ ...SETTINGS, DATABASE_URL: nooble.database.url, REDIS_URL: redisUrl })).url();
  });
  afterAll(async () => {
    await nooble.close();
  });

  const newKey = async (rest: object = {}): Promise<ShownKey> => {
    tenant = `tenant-${String(++tenants)}`;
    await ring.tenant(tenant);
    return ring.key(tenant, ['user', 'agent'], rest);
  };
  const there = (key: string): ApiClient => new ApiClient(other, { authorization: `Bearer ${key}` });
  const status = async (key: string): Promise<number> => (await there(key).get('/api/v1/agents')).status;
  /** Sockets of the key in both processes. */
  const sockets = async (key: string): Promise<TestSocket[]> => Promise.all([there(key).socket('s'), ring.as(key).socket('s')]);
  const closed = async (socket: TestSocket): Promise<unknown> => waitFor('the close', () => socket.closed);
  /** Every process knows, and nobody tells any of them when it is time. */
  const endsSoon = async (keyId: string, column: string): Promise<void> => {
    await nooble.database.query(`UPDATE api_keys SET ${column} = now() + interval '1 s' WHERE key_id = $1`, [keyId]);
    await ring.admin.post('/api/v1/admin/cache/invalidate', { tenantId: tenant });
  };
  const ended = { code: 1008, reason: 'API_KEY_INVALID' };

  it('(a key that is revoked) opens nothing in the other one, and its sockets are closed in both', async () => {
    const { keyId, key } = await newKey();
    const spared = await sockets((await ring.key(tenant, ['user'])).key);
    const open = await sockets(key);
    expect(await status(key)).toBe(200);
    await ring.admin.delete(`${KEYS}/${keyId}`);
    await waitFor('its end', async () => (await status(key)) === 401);
    for (const socket of open) {
      expect(await closed(socket)).toEqual(ended);
      expect(socket.frames.at(-1)).toMatchObject({ type: 'error', data: { code: 'API_KEY_INVALID' } });
    }
    for (const socket of spared) {
      socket.send('ping');
      await socket.next('pong');
      socket.cut();
    }
  });

  it('(a secret that is rotated away) the same; with an overlap it goes on until its end', async () => {
    const { keyId, key: first } = await newKey();
    const [open] = await sockets(first);
    const { body: second } = await ring.admin.post<ShownKey>(`${KEYS}/${keyId}/rotate`);
    expect(await closed(open!)).toEqual(ended);
    await waitFor('its end', async () => (await status(first)) === 401);
    const [overlapping] = await sockets(second.key);
    await ring.admin.post(`${KEYS}/${keyId}/rotate`, { overlapSeconds: 60 });
    expect(await status(second.key)).toBe(200);
    expect(overlapping?.closed).toBeUndefined();
    await endsSoon(keyId, 'previous_valid_until');
    expect(await closed(overlapping!)).toEqual(ended);
    expect(await status(second.key)).toBe(401);
  });

  it('(a tenant that is switched off) has neither keys nor sockets; one of another tier has to connect again', async () => {
    const { key } = await newKey();
    const [first] = await sockets(key);
    await ring.admin.patch(`/api/v1/admin/tenants/${tenant}`, { tier: 'free' });
    expect(await closed(first!)).toEqual({ code: 1008, reason: 'TIER_CHANGED' });
    const [second] = await sockets(key);
    expect(second!.frames[0]?.data).toMatchObject({ tier: 'free' });
    await ring.admin.patch(`/api/v1/admin/tenants/${tenant}`, { isActive: false });
    expect(await closed(second!)).toEqual(ended);
    await waitFor('its end', async () => (await status(key)) === 401);
  });

  it('(a key whose time is over) closes its sockets with one of the next pings', async () => {
    const { keyId, key } = await newKey({ expiresAt: '2999-01-01T00:00:00Z' });
    const [open] = await sockets(key);
    await endsSoon(keyId, 'expires_at');
    expect(await closed(open!)).toEqual(ended);
  });

  it('(a ticket of a key that is revoked) opens no socket any more', async () => {
    const { keyId, key } = await newKey();
    const { body } = await ring.as(key).post<{ url: string }>('/api/v1/ws/tickets');
    await ring.admin.delete(`${KEYS}/${keyId}`);
    expect(await closed(TestSocket.connect(nooble.url.replace('http', 'ws') + body.url))).toEqual(ended);
  });
});
